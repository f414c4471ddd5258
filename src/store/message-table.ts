/** `run_messages`: everything that was told about the runs of a task, in one sequence. */
import { asc, getTableColumns, sql } from 'drizzle-orm';
import type { MessagePage } from '../core/run-ports.ts';
import type { RunMessage } from '../core/run.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { toMessage, toMessageRow, type MessageRow } from './run-rows.ts';
import { runMessages } from './run-schema.ts';
import { columnsBy } from './using-index.ts';

export type MessageTable = ReturnType<typeof createMessageTable>;

const COLUMNS = Object.keys(getTableColumns(runMessages)) as (keyof MessageRow)[];

export function createMessageTable({ client, tables }: OpenDatabase) {
  const insert = prepareWrite(client, tables.insert(runMessages).values(params(COLUMNS)));
  const after = prepareRead(
    client,
    tables
      .select()
      .from(runMessages)
      .where(sql`task_id = ${param('taskId')} AND seq > ${param('after')}`)
      .orderBy(asc(runMessages.seq))
      .limit(param('limit')),
  );
  const first = columnsBy<{ taskId: number }, { seq: number | null }>(
    client,
    'min(seq) AS seq',
    'run_messages WHERE task_id = :taskId',
  );
  const nextTask = columnsBy<{ after: number }, { taskId: number | null }>(
    client,
    'min(task_id) AS taskId',
    'run_messages WHERE task_id > :after',
  );
  const drop = prepareWrite(
    client,
    tables
      .delete(runMessages)
      .where(
        sql`task_id = ${param('taskId')} AND seq IN (SELECT seq FROM run_messages WHERE task_id = ${param('taskId')} ORDER BY seq LIMIT ${param('limit')})`,
      ),
  );

  return {
    append: (message: RunMessage) => insert.run({ ...toMessageRow(message) }),
    /** `newest` is the number of the task's newest message, kept or not. */
    page(query: { taskId: number; after: number; limit: number }, newest: number): MessagePage {
      const messages = after.all(query).map(toMessage);
      const kept = messages[0]?.seq ?? first.get({ taskId: query.taskId })?.seq ?? newest + 1;
      // Nothing is missing where nothing newer was ever told.
      const isMissing = query.after < newest && kept > query.after + 1;
      return { messages, truncated: isMissing };
    },
    /** The first task after this id that has messages; null after the last one. */
    nextTask: (taskId: number) => nextTask.get({ after: taskId })?.taskId ?? null,
    /** The oldest go first. How many went. */
    drop: (taskId: number, limit: number) => drop.run({ taskId, limit }).changes,
  };
}
