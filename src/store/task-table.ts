/** The hot statements on `tasks`: what a decision reads and writes. Each names the index it must use. */
import type { RunResult } from '../core/run.ts';
import type { Task, TaskChange } from '../core/task.ts';
import type { NowParked, Renewal } from '../core/work.ts';
import type { OpenDatabase } from './database.ts';
import type { LaneTable } from './lane-table.ts';
import { createNextReady, type NextWish } from './next-ready.ts';
import type { PersonUseOf } from './person-use.ts';
import { toChangedColumns, toTask, toTaskRow, type TaskRow } from './rows.ts';
import { prepareTaskReads, prepareTaskWrites } from './task-statements.ts';

export type TaskTable = ReturnType<typeof createTaskTable>;

export function createTaskTable(
  database: OpenDatabase,
  lanes: Pick<LaneTable, 'openTo'>,
  useOf: PersonUseOf,
) {
  const reads = prepareTaskReads(database);
  const writes = prepareTaskWrites(database);
  const sequence = database.client.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'").pluck();

  const next = createNextReady(reads, lanes, useOf);
  const byId = (id: number) => toTaskOrNull(reads.byId.get({ id }));

  return {
    byId,
    byOrigin: (frontEnd: string, ref: string) => toTaskOrNull(reads.byOrigin.get({ frontEnd, ref })),

    nextId: () => Number(sequence.get() ?? 0) + 1,

    nextReady(wish: NextWish) {
      const { row, passed, isMore } = next(wish);
      return { task: toTaskOrNull(row ?? undefined), limited: passed, isMore };
    },

    heldBy: (instanceId: string) => reads.heldBy.all({ instanceId }).map(toTask),

    /** Repeats what the decision was based on, so that it can never overwrite what came in between. */
    save({ before, after }: TaskChange): void {
      if (before === null) {
        writes.insert.run({ ...toTaskRow(after) });
        return;
      }
      const guard = { beforeStatus: before.status, beforeLease: before.lease?.leaseId ?? null };
      const write = isMove(before, after) ? writes.move : writes.change;
      const { changes } = write.run({ ...toChangedColumns(after), ...guard });
      if (changes !== 1) throw new Error(`task ${before.id} changed under a decision`);
    },

    renew({ taskId, leaseId, expiresAt }: Renewal): void {
      writes.renew.run({ id: taskId, leaseId, leaseExpiresAt: expiresAt.getTime() });
    },

    ...createLimited(database, { reads, writes }),
    markReady: (id: number) => writes.markReady.run({ id }),
    /** Ready at once, unless its delay has yet to pass. */
    unpark: (id: number) => writes.unpark.run({ id }),
    setResult: (id: number, result: RunResult) =>
      writes.setResult.run({ id, result: JSON.stringify(result) }),
    shiftLeases: (by: { byMs: number; now: number; grace: number }) => writes.shiftLeases.run(by),

    ...createTimes(reads),
  };
}

interface Statements {
  readonly reads: ReturnType<typeof prepareTaskReads>;
  readonly writes: ReturnType<typeof prepareTaskWrites>;
}

/** Tasks that wait for room of their person. */
function createLimited({ client }: OpenDatabase, { reads, writes }: Statements) {
  // None is after a start (see `offerLimited`); later one more look than needed does no harm.
  let isSeen = false;
  return {
    park({ taskId, parked }: NowParked): void {
      isSeen = true;
      const until = parked.until?.getTime() ?? null;
      writes.park.run({ id: taskId, parked: parked.kind, parkedUntil: until, parkedDetail: parked.detail });
    },

    /** The first in each lane of those that wait for this person to have room. */
    firstLimited(person: string): number[] {
      const ids: number[] = [];
      if (!isSeen) return ids;
      for (let after = ''; ;) {
        const first = reads.limitedAfter.get({ person, after });
        if (first === undefined) return ids;
        ids.push(first.id);
        after = first.lane;
      }
    },

    /** At a start, for limits may be others than before. */
    offerLimited: client.transaction(() => {
      for (const offer of writes.offerLimited) offer.run();
    }),
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

/** Whether it only moved: see the columns of `move`. */
function isMove(before: Task, after: Task): boolean {
  const isBack = before.completedAt !== null && after.completedAt === null;
  return (
    !isBack &&
    before.description === after.description &&
    before.priority === after.priority &&
    before.notBefore === after.notBefore &&
    before.parked === after.parked &&
    before.result === after.result
  );
}

function toTaskOrNull(row: TaskRow | undefined): Task | null {
  return row === undefined ? null : toTask(row);
}
