/** `task_logs`: the audit trail and the outbox in one. Rows are only ever added, and go with their task. */
import { asc, eq, sql } from 'drizzle-orm';
import type { NewEvent, TaskEvent } from '../core/event.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { toEvent, toLogRow } from './rows.ts';
import { taskLogs } from './schema.ts';

export type EventTable = ReturnType<typeof createEventTable>;

export function createEventTable({ client, tables }: OpenDatabase) {
  const columns = ['taskId', 'action', 'actor', 'details', 'instanceId', 'keyId', 'timestamp'] as const;
  const insert = prepareWrite(client, tables.insert(taskLogs).values(params(columns)));
  const ofTask = prepareRead(
    client,
    tables
      .select()
      .from(taskLogs)
      .where(eq(taskLogs.taskId, param('taskId')))
      .orderBy(asc(taskLogs.id)),
  );
  const after = prepareRead(
    client,
    tables
      .select()
      .from(taskLogs)
      .where(sql`id > ${param('id')}`)
      .orderBy(asc(taskLogs.id))
      .limit(param('limit')),
  );
  const newest = client.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'task_logs'").pluck();
  const newestOfTask = client.prepare('SELECT max(id) FROM task_logs WHERE task_id = ?').pluck();
  const behind = prepareRead(
    client,
    tables
      .select({ count: sql<number>`count(*)`, oldest: sql<number | null>`min(timestamp)` })
      .from(
        sql`(SELECT timestamp FROM task_logs WHERE id > ${param('id')} ORDER BY id LIMIT ${param('limit')})`,
      ),
  );

  /** The newest there ever was: it may be deleted by now, and positions only ever move on. */
  const newestId = () => Number(newest.get() ?? 0);
  const newestIdOf = (taskId: number) => newestOfTask.get(taskId) as number | null;

  return {
    append: (event: NewEvent) => insert.run(toLogRow(event)),
    ofTask: (taskId: number) => ofTask.all({ taskId }).map(toEvent),
    after: (position: string, limit: number): TaskEvent[] =>
      after.all({ id: idOf(position), limit }).map(toEvent),
    newestPosition: () => String(newestId()),
    /** Null for a task without events. */
    newestOf(taskId: number): string | null {
      const id = newestIdOf(taskId);
      return id === null ? null : String(id);
    },
    /** Whether nothing about this task lies after the position. */
    isToldOf: (taskId: number, position: string) => (newestIdOf(taskId) ?? 0) <= idOf(position),
    clampPosition: (position: string) => String(Math.min(idOf(position), newestId())),
    behind(position: string, limit: number) {
      const row = behind.get({ id: idOf(position), limit });
      return { count: row?.count ?? 0, oldestAt: row?.oldest == null ? null : new Date(row.oldest) };
    },
  };
}

/** A position this store did not give stands before everything, never after. */
function idOf(position: string): number {
  const id = Number(position);
  return Number.isSafeInteger(id) ? id : 0;
}
