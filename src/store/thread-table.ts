/** `thread_deliveries`: how far a front end has told a task's messages in the task's own thread. */
import { getTableColumns, sql } from 'drizzle-orm';
import type { InferSelectModel } from 'drizzle-orm';
import type { ThreadPosition } from '../core/run-ports.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { threadDeliveries } from './run-schema.ts';
import { columnsBy } from './using-index.ts';

export type ThreadTable = ReturnType<typeof createThreadTable>;

interface Range {
  readonly from: number;
  readonly to: number;
}

type ThreadRow = InferSelectModel<typeof threadDeliveries>;
const COLUMNS = Object.keys(getTableColumns(threadDeliveries)) as (keyof ThreadRow)[];

export function createThreadTable({ client, tables }: OpenDatabase) {
  const byTask = prepareRead(
    client,
    tables
      .select()
      .from(threadDeliveries)
      .where(sql`front_end = ${param('frontEnd')} AND task_id = ${param('taskId')}`),
  );
  const upsert = prepareWrite(
    client,
    tables
      .insert(threadDeliveries)
      .values(params(COLUMNS))
      .onConflictDoUpdate({
        target: [threadDeliveries.frontEnd, threadDeliveries.taskId],
        set: {
          threadId: sql`excluded.thread_id`,
          seq: sql`excluded.seq`,
          state: sql`excluded.state`,
          isClosed: sql`excluded.is_closed`,
        },
      }),
  );
  const { behind, inThread } = prepareLooks(client);
  const newest = client.prepare('SELECT coalesce(max(task_id), 0) FROM task_work').pluck();

  return {
    position(frontEnd: string, taskId: number): ThreadPosition | null {
      const row = byTask.get({ frontEnd, taskId });
      if (row === undefined) return null;
      return { taskId, threadId: row.threadId, seq: row.seq, state: row.state, isClosed: row.isClosed === 1 };
    },
    save: (frontEnd: string, position: ThreadPosition) =>
      upsert.run({ ...position, frontEnd, isClosed: position.isClosed ? 1 : 0 }),
    /** Of the tasks with ids from here to there; no more of them are looked at than there are ids. */
    behind: (frontEnd: string, range: Range) =>
      behind.all({ frontEnd, ...range }).map(({ taskId }) => taskId),
    tasksIn: (frontEnd: string, wanted: { threadId: string; limit: number }) =>
      inThread.all({ frontEnd, ...wanted }).map(({ taskId }) => taskId),
    newestTask: () => newest.get() as number,
  };
}

function prepareLooks(client: OpenDatabase['client']) {
  const behind = columnsBy<Range & { frontEnd: string }, { taskId: number }>(
    client,
    'w.task_id AS taskId',
    `task_work w LEFT JOIN thread_deliveries d ON d.front_end = :frontEnd AND d.task_id = w.task_id
     WHERE w.task_id BETWEEN :from AND :to AND w.runs > 0 AND w.last_seq > coalesce(d.seq, 0) AND coalesce(d.is_closed, 0) = 0`,
  );
  const inThread = columnsBy<{ frontEnd: string; threadId: string; limit: number }, { taskId: number }>(
    client,
    'task_id AS taskId',
    `thread_deliveries INDEXED BY thread_deliveries_thread WHERE front_end = :frontEnd AND thread_id = :threadId
     ORDER BY task_id DESC LIMIT :limit`,
  );
  return { behind, inThread };
}
