/** `runs` and `task_work`: what is kept of each run, and of a task from run to run. */
import { getTableColumns, sql } from 'drizzle-orm';
import { BARRED_MS } from '../core/crew.ts';
import { NO_TOTALS, type Run, type RunTotals, type TaskWork } from '../core/run.ts';
import type { Fault } from '../core/vocabulary.ts';
import type { OpenDatabase } from './database.ts';
import { assigned, param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { toRun, toRunRow, toWork, toWorkRow, type RunRow, type WorkRow } from './run-rows.ts';
import { runs, taskWork } from './run-schema.ts';
import { columnsBy } from './using-index.ts';

const RUN_COLUMNS = Object.keys(getTableColumns(runs)) as (keyof RunRow)[];
const WORK_COLUMNS = Object.keys(getTableColumns(taskWork)) as (keyof WorkRow)[];
/** What a run may change after its beginning. */
const RUN_CHANGED = [
  'model',
  'endedAt',
  'costUsd',
  'costEstimated',
  'inputTokens',
  'outputTokens',
  'turns',
  'durationMs',
  'messages',
  'fault',
  'isReported',
] as const;

export type RunTable = ReturnType<typeof createRunTable>;

export function createRunTable(database: OpenDatabase) {
  const reads = prepareReads(database);
  const writes = prepareWrites(database);

  return {
    byLease(leaseId: string): Run | null {
      const row = reads.byLease.get({ leaseId });
      return row === undefined ? null : toRun(row);
    },
    work(taskId: number): TaskWork | null {
      const row = reads.work.get({ taskId });
      return row === undefined ? null : toWork(row);
    },
    /** Summed over all runs of a task but that of this lease. */
    sums(taskId: number, exceptLease: string | null): RunTotals {
      const row = reads.sums.get({ taskId, except: exceptLease ?? '' });
      return row === undefined ? NO_TOTALS : { ...row, costEstimated: row.costEstimated === 1 };
    },
    /** Instances whose runs of this task ended by this fault since it was last queued by somebody. */
    faulty: (taskId: number, fault: Fault) =>
      reads.faulty.all({ taskId, fault }).map(({ instanceId }) => instanceId),
    /** Until when instances that gave this task back for a fault of their own after `since` leave it alone. */
    barred(taskId: number, since: Date): ReadonlyMap<string, Date> {
      const rows = reads.givenBackOf.all({ taskId, since: since.getTime() });
      return new Map(rows.map(({ instanceId, endedAt }) => [instanceId, new Date(endedAt + BARRED_MS)]));
    },
    /** Tasks that this instance gave back for a fault of its own since then; the newest of them, at most a hundred. */
    givenBack: (instanceId: string, since: Date) =>
      reads.givenBack.all({ instanceId, since: since.getTime() }).map(({ taskId }) => taskId),

    save(run: Run): void {
      const row = toRunRow(run);
      if (writes.update.run({ ...row }).changes === 0) writes.insert.run({ ...row });
    },
    saveWork(work: TaskWork): void {
      const row = toWorkRow(work);
      if (writes.updateWork.run({ ...row }).changes === 0) writes.insertWork.run({ ...row });
    },
    drop: (leaseId: string) => writes.drop.run({ leaseId }),
  };
}

interface Sums {
  readonly costUsd: number;
  readonly costEstimated: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly turns: number;
  readonly durationMs: number;
}

function prepareReads({ client, tables }: OpenDatabase) {
  return {
    byLease: prepareRead(
      client,
      tables
        .select()
        .from(runs)
        .where(sql`lease_id = ${param('leaseId')}`),
    ),
    work: prepareRead(
      client,
      tables
        .select()
        .from(taskWork)
        .where(sql`task_id = ${param('taskId')}`),
    ),
    sums: columnsBy<{ taskId: number; except: string }, Sums>(
      client,
      `total(cost_usd) AS costUsd, coalesce(max(cost_estimated), 0) AS costEstimated, coalesce(sum(input_tokens), 0) AS inputTokens,
       coalesce(sum(output_tokens), 0) AS outputTokens, coalesce(sum(turns), 0) AS turns, coalesce(sum(duration_ms), 0) AS durationMs`,
      'runs INDEXED BY runs_of_task WHERE task_id = :taskId AND lease_id <> :except',
    ),
    faulty: columnsBy<{ taskId: number; fault: string }, { instanceId: string }>(
      client,
      'instance_id AS instanceId',
      `runs INDEXED BY runs_of_task WHERE task_id = :taskId AND fault = :fault AND started_at >= (SELECT
         coalesce(max(timestamp), 0) FROM task_logs WHERE task_id = :taskId AND action = 'requeued')`,
    ),
    givenBackOf: columnsBy<{ taskId: number; since: number }, { instanceId: string; endedAt: number }>(
      client,
      'instance_id AS instanceId, ended_at AS endedAt',
      'runs INDEXED BY runs_of_task WHERE task_id = :taskId AND fault IS NOT NULL AND ended_at > :since ORDER BY number',
    ),
    givenBack: columnsBy<{ instanceId: string; since: number }, { taskId: number }>(
      client,
      'task_id AS taskId',
      `runs INDEXED BY runs_faulty WHERE fault IS NOT NULL AND instance_id = CAST(:instanceId AS TEXT)
       AND ended_at > :since ORDER BY ended_at DESC LIMIT 100`,
    ),
  };
}

function prepareWrites({ client, tables }: OpenDatabase) {
  const work = WORK_COLUMNS.filter((column) => column !== 'taskId');
  return {
    insert: prepareWrite(client, tables.insert(runs).values(params(RUN_COLUMNS))),
    update: prepareWrite(
      client,
      tables
        .update(runs)
        .set(assigned(RUN_CHANGED))
        .where(sql`lease_id = ${param('leaseId')}`),
    ),
    drop: prepareWrite(client, tables.delete(runs).where(sql`lease_id = ${param('leaseId')}`)),
    insertWork: prepareWrite(client, tables.insert(taskWork).values(params(WORK_COLUMNS))),
    updateWork: prepareWrite(
      client,
      tables
        .update(taskWork)
        .set(assigned(work))
        .where(sql`task_id = ${param('taskId')}`),
    ),
  };
}
