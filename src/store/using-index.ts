/**
 * Tasks read through one named index. A new index for somebody else's query can never make this one
 * slow, and a dropped one makes `prepare` fail at start instead of the queue at night. Drizzle has no
 * word for INDEXED BY, so these few statements are written out; the columns are still the schema's.
 */
import { getTableColumns } from 'drizzle-orm';
import type Database from 'better-sqlite3';
import { keyed, type Read } from './prepared.ts';
import { tasks } from './schema.ts';
import type { TaskRow } from './rows.ts';

type TaskIndex =
  | 'tasks_ready'
  | 'tasks_pending'
  | 'tasks_due'
  | 'tasks_parked'
  | 'tasks_leased'
  | 'tasks_held'
  | 'tasks_finished'
  | 'tasks_finished_by_id'
  | 'tasks_open_of_person';

const COLUMNS = getTableColumns(tasks);
const NAMES = Object.values(COLUMNS).map((column) => `"${column.name}"`);

/** `rest` is everything after FROM; it repeats the condition of a partial index. */
export function tasksBy<V extends object>(
  client: Database.Database,
  index: TaskIndex,
  rest: string,
): Read<TaskRow, V> {
  const statement = client.prepare(`SELECT ${NAMES.join(', ')} FROM tasks INDEXED BY ${index} ${rest}`);
  return keyed(statement, Object.keys(COLUMNS), (values) => [values]);
}

/** The same for some columns only; `rest` names the index. */
export function columnsBy<V extends object, Row extends object>(
  client: Database.Database,
  columns: string,
  rest: string,
): Read<Row, V> {
  const statement = client.prepare(`SELECT ${columns} FROM ${rest}`);
  const keys = statement.columns().map(({ name }) => name);
  return keyed(statement, keys, (values) => [values]);
}
