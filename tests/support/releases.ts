/**
 * The databases of all releases. When a version is released, its own database, filled in every table, is written
 * out with `sqlite3 tasks.db .dump` (and the line that sets application_id) to `tests/fixtures`, and named here with
 * its newest migration.
 */
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

export interface Release {
  readonly version: string;
  readonly fixture: string;
  /** Its migrations, oldest first, as they were released: name, and SHA-256 of the file. */
  readonly migrations: readonly (readonly [string, string])[];
}

export const RELEASES: readonly Release[] = [
  {
    version: '0.1.0',
    fixture: 'schema-0.1.0.sql',
    migrations: [['0000_create_tasks', '2978d4b776c80b0b9d4e23f285e98cbbf00602c04b28dbf4d92888813cdb57b3']],
  },
];

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

export const migrationText = (name: string) => file(`drizzle/${name}.sql`);

/** The file as that release left it when it stopped. */
export function makeReleased(path: string, { fixture }: Release): void {
  const client = new Database(path);
  client.pragma('journal_mode = WAL');
  client.exec(file(`tests/fixtures/${fixture}`));
  client.close();
}

/** Type and value of every cell, by table: what must be the same, byte for byte, after an update. */
export type Contents = Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;

export function contentsOf(path: string): Contents {
  const client = new Database(path, { readonly: true });
  try {
    const tables = client.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck();
    return Object.fromEntries(tables.all().map((table) => [table, rowsOf(client, table)]));
  } finally {
    client.close();
  }
}

function rowsOf(client: Database.Database, table: string): Record<string, string>[] {
  const columns = client.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all();
  // As bytes, for no text function of SQLite looks behind a NUL.
  const cells = columns.map((name) => `typeof("${name}") || ' ' || hex("${name}") AS "${name}"`);
  return client
    .prepare<[], Record<string, string>>(
      `SELECT ${cells.join(', ')} FROM "${table}" ORDER BY ${columns.map((_name, index) => index + 1).join(', ')}`,
    )
    .all();
}

/** Everything the schema says, but for the migrator's own table. */
export function schemaOf(path: string): unknown[] {
  const client = new Database(path, { readonly: true });
  try {
    return client
      .prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name <> '__drizzle_migrations' ORDER BY type, name",
      )
      .all();
  } finally {
    client.close();
  }
}

/** What SQLite itself finds wrong with a file. */
export function damagesOf(path: string): unknown[] {
  const client = new Database(path, { readonly: true });
  try {
    const integrity = client.pragma('integrity_check') as { integrity_check: string }[];
    const foreign = client.pragma('foreign_key_check') as unknown[];
    return [...integrity.filter((row) => row.integrity_check !== 'ok'), ...foreign];
  } finally {
    client.close();
  }
}
