/**
 * Tasks read through one named index. A new index for somebody else's query can never make this one
 * slow, and a dropped one makes `prepare` fail at start instead of the queue at night. Drizzle has no
 * word for INDEXED BY, so these few statements are written out; the columns are still the schema's.
 */
import { getTableColumns } from 'drizzle-orm';
import type Database from 'better-sqlite3';
import { tasks } from './schema.ts';
import type { TaskRow } from './rows.ts';

type TaskIndex =
  | 'tasks_ready'
  | 'tasks_pending'
  | 'tasks_due'
  | 'tasks_leased'
  | 'tasks_held'
  | 'tasks_finished'
  | 'tasks_finished_by_id';

export interface Statement<Params, Row> {
  get(params: Params): Row | undefined;
  all(params: Params): Row[];
}

const COLUMNS = Object.entries(getTableColumns(tasks))
  .map(([key, column]) => `"${column.name}" AS "${key}"`)
  .join(', ');

/** `rest` is everything after FROM; it repeats the condition of a partial index. */
export function tasksBy<Params extends object>(client: Database.Database, index: TaskIndex, rest: string) {
  return columnsBy<Params, TaskRow>(client, COLUMNS, `tasks INDEXED BY ${index} ${rest}`);
}

/** The same for some columns only. */
export function columnsBy<Params extends object, Row>(
  client: Database.Database,
  columns: string,
  rest: string,
) {
  return client.prepare<[Params], Row>(`SELECT ${columns} FROM ${rest}`) as Statement<Params, Row>;
}
