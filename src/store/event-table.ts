/** `task_logs`: the audit trail and the outbox in one. Rows are only ever added. */
import { asc, eq, sql } from 'drizzle-orm';
import type { NewEvent, TaskEvent } from '../core/event.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { toEvent, toLogRow } from './rows.ts';
import { taskLogs } from './schema.ts';

export type EventTable = ReturnType<typeof createEventTable>;

export function createEventTable({ client, tables }: OpenDatabase) {
  const columns = ['taskId', 'action', 'actor', 'details', 'instanceId', 'timestamp'] as const;
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
  const newest = prepareRead(client, tables.select({ id: sql<number | null>`max(id)` }).from(taskLogs));
  const behind = prepareRead(
    client,
    tables
      .select({ count: sql<number>`count(*)`, oldest: sql<number | null>`min(timestamp)` })
      .from(
        sql`(SELECT timestamp FROM task_logs WHERE id > ${param('id')} ORDER BY id LIMIT ${param('limit')})`,
      ),
  );

  const newestId = () => newest.get({})?.id ?? 0;

  return {
    append: (event: NewEvent) => insert.run(toLogRow(event)),
    ofTask: (taskId: number) => ofTask.all({ taskId }).map(toEvent),
    after: (position: string, limit: number): TaskEvent[] =>
      after.all({ id: idOf(position), limit }).map(toEvent),
    newestPosition: () => String(newestId()),
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
