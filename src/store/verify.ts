/** Whether a file is a whole and sound database of Athena's, one that this version can use. */
import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { APPLICATION_ID, knownMigrations } from './database.ts';
import { DatabaseRefused } from './database-refused.ts';
import { openReader } from './reader.ts';

export interface DatabaseFacts {
  readonly bytes: number;
  readonly tasks: number;
  readonly events: number;
  /** Of the newest event; null where nothing ever happened. */
  readonly newestEventAt: Date | null;
  /** Rows of each table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Reads the whole file. Throws DatabaseRefused, naming it as `name`, with what is wrong. */
export function verifyDatabase(path: string, name: string): DatabaseFacts {
  const reader = openReader(path);
  try {
    refuseForeign(reader.client, name);
    refuseNewer(reader.client, name);
    refuseBroken(reader.client, name);
    return { ...countRows(reader.client), bytes: statSync(path).size };
  } catch (error) {
    if (error instanceof DatabaseRefused) throw error;
    throw new DatabaseRefused(`${name} cannot be read as a database: ${textOf(error)}.`, { cause: error });
  } finally {
    reader.close();
  }
}

export function refuseForeign(client: Database.Database, name: string): void {
  const isOurs = client.pragma('application_id', { simple: true }) === APPLICATION_ID;
  const tables = client
    .prepare(
      "SELECT count(*) FROM sqlite_schema WHERE name IN ('__drizzle_migrations', 'tasks', 'task_logs')",
    )
    .pluck()
    .get();
  if (!isOurs || tables !== 3) throw new DatabaseRefused(`${name} is no database of Athena's.`);
}

function refuseNewer(client: Database.Database, name: string): void {
  const newest = client.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get();
  if (Number(newest) <= (knownMigrations().at(-1)?.folderMillis ?? 0)) return;
  throw new DatabaseRefused(
    `${name} was made by a newer version of Athena than this one. Update Athena first, then try again.`,
  );
}

function refuseBroken(client: Database.Database, name: string): void {
  const found = client.pragma('integrity_check(3)') as { integrity_check: string }[];
  const said = found.map((row) => row.integrity_check);
  if (said.join() !== 'ok') throw new DatabaseRefused(`${name} is damaged: ${said.join('; ')}.`);
  const strays = (client.pragma('foreign_key_check') as unknown[]).length;
  if (strays > 0) throw new DatabaseRefused(`${name} is damaged: ${strays} rows belong to no task.`);
}

/** Counted, not taken from counters: it is the rows that must be there. */
export function countRows(client: Database.Database): Omit<DatabaseFacts, 'bytes'> {
  const names = client
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .pluck()
    .all() as string[];
  const rows = Object.fromEntries(
    names.map((table) => [table, Number(client.prepare(`SELECT count(*) FROM "${table}"`).pluck().get())]),
  );
  const newest = client.prepare('SELECT timestamp FROM task_logs ORDER BY id DESC LIMIT 1').pluck().get();
  return {
    rows,
    tasks: rows['tasks'] ?? 0,
    events: rows['task_logs'] ?? 0,
    newestEventAt: typeof newest === 'number' ? new Date(newest) : null,
  };
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
