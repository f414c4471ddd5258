/** The bench's end of the load process: one order at a time, one report for each. */
import { once } from 'node:events';
import type { Processes } from '../processes.ts';
import type { CycleOrder, CycleReport } from './cycles.ts';
import type { ParkOrder, WaitOrder, WaitReport } from './waits.ts';

export interface Load {
  cycles(order: Omit<CycleOrder, 'kind'>): Promise<CycleReport>;
  waits(order: Omit<WaitOrder, 'kind'>): Promise<WaitReport>;
  /** Resolves to how many of the parked claims were answered too early. */
  park(order: Omit<ParkOrder, 'kind'>): Promise<number>;
}

export function startLoad(processes: Processes): Load {
  const child = processes.helper(new URL('./main.ts', import.meta.url));

  const died = once(child, 'exit').then(() => [{ error: 'The load process ended.' }]);

  async function ask<T>(order: object): Promise<T> {
    child.send(order);
    const [answer] = (await Promise.race([once(child, 'message'), died])) as [{ report?: T; error?: string }];
    if (answer.report === undefined) throw new Error(answer.error ?? 'The load gave no report.');
    return answer.report;
  }

  return {
    cycles: (order) => ask<CycleReport>({ kind: 'cycles', ...order }),
    waits: (order) => ask<WaitReport>({ kind: 'waits', ...order }),
    park: (order) => ask<number>({ kind: 'park', ...order }),
  };
}
