/** The hot statements on `tasks`: what a decision reads and writes. Each names the index it must use. */
import type { Claimant } from '../core/lanes.ts';
import type { RunResult } from '../core/run.ts';
import type { Task, TaskChange } from '../core/task.ts';
import type { Renewal } from '../core/work.ts';
import type { OpenDatabase } from './database.ts';
import type { LaneTable } from './lane-table.ts';
import { toChangedColumns, toTask, toTaskRow, type TaskRow } from './rows.ts';
import { prepareTaskReads, prepareTaskWrites } from './task-statements.ts';

export type TaskTable = ReturnType<typeof createTaskTable>;

export function createTaskTable(database: OpenDatabase, lanes: Pick<LaneTable, 'openTo'>) {
  const reads = prepareTaskReads(database);
  const writes = prepareTaskWrites(database);
  const sequence = database.client.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'").pluck();

  function firstOf(names: readonly string[], headOf: (lane: string) => Place | undefined): number | null {
    let best: Place | undefined;
    for (const lane of names) {
      const head = headOf(lane);
      if (head && (!best || comesFirst(head, best))) best = head;
    }
    return best?.id ?? null;
  }

  const byId = (id: number | null) => (id === null ? null : toTaskOrNull(reads.byId.get({ id })));

  return {
    byId,
    byOrigin: (frontEnd: string, ref: string) => toTaskOrNull(reads.byOrigin.get({ frontEnd, ref })),

    nextId: () => Number(sequence.get() ?? 0) + 1,

    /** The head of each lane is one step in the index; the smallest rank, then id, wins. */
    nextReady(claimant: Claimant): Task | null {
      const [only, ...more] = lanes.openTo(claimant);
      if (only === undefined) return null;
      if (more.length === 0) return toTaskOrNull(reads.headOfLane.get({ lane: only }));
      return byId(firstOf([only, ...more], (lane) => reads.placeInLane.get({ lane })));
    },

    /** The same, but none of these. */
    nextReadyPast(claimant: Claimant, ids: readonly number[]): Task | null {
      const except = JSON.stringify(ids);
      return byId(firstOf(lanes.openTo(claimant), (lane) => reads.placePast.get({ lane, except })));
    },

    heldBy: (instanceId: string) => reads.heldBy.all({ instanceId }).map(toTask),

    /** Repeats what the decision was based on, so that it can never overwrite what came in between. */
    save({ before, after }: TaskChange): void {
      if (before === null) {
        writes.insert.run({ ...toTaskRow(after) });
        return;
      }
      const guard = { beforeStatus: before.status, beforeLease: before.lease?.leaseId ?? null };
      const { changes } = writes.update.run({ ...toChangedColumns(after), ...guard });
      if (changes !== 1) throw new Error(`task ${before.id} changed under a decision`);
    },

    renew({ taskId, leaseId, expiresAt }: Renewal): void {
      writes.renew.run({ id: taskId, leaseId, leaseExpiresAt: expiresAt.getTime() });
    },

    markReady: (id: number) => writes.markReady.run({ id }),
    /** Ready at once, unless its delay has yet to pass. */
    unpark: (id: number) => writes.unpark.run({ id }),
    setResult: (id: number, result: RunResult) =>
      writes.setResult.run({ id, result: JSON.stringify(result) }),
    shiftLeases: (by: { byMs: number; earliest: number; grace: number }) => writes.shiftLeases.run(by),

    ...createTimes(reads),
  };
}

/** What time alone changes, and when the next of it comes. */
function createTimes(reads: ReturnType<typeof prepareTaskReads>) {
  const until = (before: Date, limit: number) => ({ before: before.getTime(), limit });
  return {
    expired: (before: Date, limit: number) => reads.expired.all(until(before, limit)).map(toTask),
    due: (before: Date, limit: number) => reads.due.all(until(before, limit)).map(({ id }) => id),
    dueParked: (before: Date, limit: number) => reads.dueParked.all(until(before, limit)).map(({ id }) => id),
    nextLeaseExpiry: () => reads.nextLeaseExpiry.get({})?.at ?? null,
    /** Of a delay, or of what a task is parked for. */
    nextDue(): number | null {
      const times = [reads.nextDue, reads.nextParked].flatMap((read) => read.get({})?.at ?? []);
      return times.length === 0 ? null : Math.min(...times);
    },
  };
}

type Place = Pick<TaskRow, 'id' | 'rank'>;

function comesFirst(one: Place, other: Place): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.id < other.id);
}

function toTaskOrNull(row: TaskRow | undefined): Task | null {
  return row === undefined ? null : toTask(row);
}
