/** One order at a time to a child process, one report for each. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';

export type Ask = <T>(order?: object) => Promise<T>;

/** Rejects with what the child said went wrong, or when it ended. Without an order it only listens. */
export function asking(child: ChildProcess, name: string): Ask {
  const died = once(child, 'exit').then(() => [{ error: `${name} ended.` }]);
  return async function ask<T>(order?: object): Promise<T> {
    const answered = once(child, 'message');
    if (order !== undefined) child.send(order);
    const [answer] = (await Promise.race([answered, died])) as [{ report?: T; error?: string }];
    if (answer.report === undefined) throw new Error(answer.error ?? `${name} gave no report.`);
    return answer.report;
  };
}
