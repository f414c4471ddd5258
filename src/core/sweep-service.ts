/**
 * What time alone brings about: leases that ran out end, and tasks whose delay has passed become
 * ready. Both are decisions like any other, over rows read in the same transaction, so a completion
 * that came first always stands.
 */
import { isExpired } from './lease.ts';
import type { Clock } from './ports.ts';
import { settleRun } from './run-end.ts';
import { expire } from './task-attempts.ts';
import { work, type Work } from './work.ts';

/** One batch: small enough that nobody waits for it. */
export const SWEEP_BATCH = 100;

export function createSweepService({ clock }: { clock: Clock }) {
  return {
    /** Resolves to the number of leases ended. */
    expireLeases(): Work<number> {
      const load = { read: 'expiredLeases', before: clock.now(), limit: SWEEP_BATCH } as const;
      return work<'expiredLeases', number>(load, ({ tasks, runs }) => {
        const now = clock.now();
        const ended = tasks.flatMap((task, index) =>
          task.lease !== null && isExpired(task.lease, now)
            ? [settleRun(expire(task, now), runs[index] ?? null)]
            : [],
        );
        return {
          result: ended.length,
          changes: ended.map(({ change }) => change),
          runs: ended.flatMap(({ saves }) => saves ?? []),
        };
      });
    },

    /** Resolves to the number of tasks that became ready. */
    promoteDueTasks(): Work<number> {
      const load = { read: 'dueTasks', before: clock.now(), limit: SWEEP_BATCH } as const;
      return work<'dueTasks', number>(load, ({ taskIds }) => ({ result: taskIds.length, due: taskIds }));
    },

    /** Resolves to the number of tasks that wait no more for a time, as for a quota that returns. */
    unparkDueTasks(): Work<number> {
      const load = { read: 'dueParked', before: clock.now(), limit: SWEEP_BATCH } as const;
      return work<'dueParked', number>(load, ({ taskIds }) => ({
        result: taskIds.length,
        unparked: taskIds,
      }));
    },
  };
}
export type SweepService = ReturnType<typeof createSweepService>;
