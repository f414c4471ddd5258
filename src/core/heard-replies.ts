/**
 * Which replies the end of an attempt has dealt with. A run says so itself. A person was told at their claim what had
 * been said by then. And whoever answers a reached budget with `finish` knew what had been said, and lets it be.
 */
import type { Caller } from './ownership.ts';
import type { Reply } from './question.ts';
import type { RunReport } from './run.ts';
import type { RunState } from './run-state.ts';
import type { Task } from './task.ts';

interface Ended {
  readonly task: Task;
  readonly caller: Caller;
  readonly report?: RunReport | undefined;
}

/** Undefined: whoever ends it is not its holder, and ends it whatever its holder has heard. */
export function heardBy(run: RunState | null, { task, caller, report }: Ended): number | undefined {
  if (report !== undefined) return report.lastReply;
  if (caller.leaseId === undefined && caller.instanceId === undefined) return undefined;
  if (run === null || run.run !== null || task.claimedAt === null) return 0;
  const { claimedAt } = task;
  return newestOf(run.unheard, ({ at }) => at <= claimedAt);
}

/** Whether a task that is completed has replies left to go on with. */
export function missesReplies(run: RunState | null, heard: number | undefined): boolean {
  if (run === null || heard === undefined) return false;
  const { work, unheard, questions } = run;
  const finish = questions.findLast(({ isBudget, answer }) => isBudget && answer?.option === 'finish');
  const leftAt = work.isFinishing ? (finish?.answeredAt ?? null) : null;
  const left = leftAt === null ? 0 : newestOf(unheard, ({ at }) => at < leftAt);
  return work.replies > Math.max(work.repliesTaken, heard, left);
}

/** 0 where there is none. */
function newestOf(replies: readonly Reply[], isOne: (reply: Reply) => boolean): number {
  return Math.max(0, ...replies.filter(isOne).map(({ number }) => number));
}
