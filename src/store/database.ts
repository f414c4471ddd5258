/**
 * Opens the database file: looks before it touches, sets the pragmas, and brings the tables up to
 * date in one transaction. A file that is not ours, or newer than this program, is left as it is.
 */
import { existsSync, mkdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { readMigrationFiles, type MigrationMeta } from 'drizzle-orm/migrator';
import type { Logger } from '../core/ports.ts';
import { DatabaseRefused } from './database-refused.ts';
import { copyTo, migrate } from './migrate.ts';
import * as schema from './schema.ts';

export const IN_MEMORY = ':memory:';

/** Marks a file as Athena's: "ATHE". */
export const APPLICATION_ID = 0x41544845;

const MIGRATIONS = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** Waiting at start is harmless; later it would stop the process, so the running server never does. */
const START_TIMEOUT_MS = 5000;

export type Tables = BetterSQLite3Database<typeof schema>;

export interface OpenDatabase {
  readonly client: Database.Database;
  readonly tables: Tables;
}

/** More links than this lead in a circle. */
const MOST_LINKS = 40;

/**
 * The file that a path of links leads to, whether it exists yet or not. SQLite follows links too, so
 * everything that stands beside the database stands beside that file.
 */
export function withoutLinks(path: string): string {
  let file = path;
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const target = linkTarget(file);
    if (target === null) return file;
    file = resolve(dirname(file), target);
  }
  return path;
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

export function prepareFolder(path: string): void {
  if (path === IN_MEMORY) return;
  try {
    makeFolder(dirname(path));
  } catch (error) {
    throw refusal(path, error);
  }
}

/** Step by step: node's own recursive way never ends where a folder exists but takes none (`/proc`). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time may have been quicker.
    if (!existsSync(folder)) throw error;
  }
}

export async function openDatabase(path: string, logger: Logger): Promise<OpenDatabase> {
  const applied = path === IN_MEMORY ? null : lookAt(path);
  let client: Database.Database | undefined;
  try {
    client = new Database(path, { timeout: START_TIMEOUT_MS });
    setPragmas(client);
    await bringUpToDate({ client, path, applied, logger });
    client.pragma('busy_timeout = 0');
    return { client, tables: drizzle(client, { schema }) };
  } catch (error) {
    client?.close();
    throw refusal(path, error);
  }
}

function setPragmas(client: Database.Database): void {
  client.pragma('journal_mode = WAL');
  // An acknowledged write survives a power cut; group commit makes that affordable.
  client.pragma('synchronous = FULL');
  client.pragma('foreign_keys = ON');
  client.pragma('temp_store = MEMORY');
  client.pragma('cache_size = -16384');
  client.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
}

/** Each migration of this program, oldest first. */
export function knownMigrations(): readonly MigrationMeta[] {
  return readMigrationFiles({ migrationsFolder: MIGRATIONS });
}

/**
 * Reads what the file is without changing a byte of it: the age of its newest migration, or null for
 * a file that is yet to be made.
 */
function lookAt(path: string): number | null {
  if (!existsSync(path)) return null;
  if (!statSync(path).isFile()) throw new DatabaseRefused(`DB_PATH ${path} is not a file.`);
  if (statSync(path).size === 0) return null;
  const leftovers = ['-wal', '-shm'].map((end) => path + end).filter((file) => !existsSync(file));
  try {
    const client = new Database(path, { readonly: true, timeout: START_TIMEOUT_MS });
    try {
      return newestMigration(client, path);
    } finally {
      client.close();
    }
  } catch (error) {
    throw refusal(path, error);
  } finally {
    // A reader of a WAL database makes these two; empty ones that were not there before go again.
    for (const file of leftovers) removeIfLeftByReader(file);
  }
}

function removeIfLeftByReader(file: string): void {
  if (!existsSync(file)) return;
  if (file.endsWith('-shm') || statSync(file).size === 0) rmSync(file, { force: true });
}

function newestMigration(client: Database.Database, path: string): number | null {
  const ours = client.pragma('application_id', { simple: true }) === APPLICATION_ID;
  const count = client.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get();
  if (!ours && count === 0) return null;
  if (!ours) {
    throw new DatabaseRefused(
      `${path} is an SQLite database of another program; it was left as it is. Set DB_PATH to another file.`,
    );
  }
  // A first start that was cut short may have left a marked file without tables.
  if (count === 0) return null;
  const newest = client.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get();
  const known = knownMigrations().at(-1)?.folderMillis ?? 0;
  if (Number(newest) > known) {
    throw new DatabaseRefused(
      `${path} was made by a newer version of Athena; it was left as it is. Update this server, or restore the copy that was kept beside the database before the update.`,
    );
  }
  return Number(newest);
}

interface Upgrade {
  readonly client: Database.Database;
  readonly path: string;
  /** Age of the newest migration in the file; null when it is new. */
  readonly applied: number | null;
  readonly logger: Logger;
}

async function bringUpToDate({ client, path, applied, logger }: Upgrade): Promise<void> {
  const missing = knownMigrations().filter((migration) => migration.folderMillis > (applied ?? 0));
  if (missing.length === 0) return;
  if (applied !== null) {
    const copy = `${path}.schema-${applied}`;
    await copyTo(copy, client);
    logger.info({ copy, migrations: missing.length }, 'database copied before its update');
  }
  client.pragma(`application_id = ${APPLICATION_ID}`);
  migrate(client, missing);
}

function refusal(path: string, error: unknown): DatabaseRefused {
  if (error instanceof DatabaseRefused) return error;
  // The migrator wraps what SQLite said into the whole text of the statement.
  const said = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = said instanceof Error && 'code' in said ? String(said.code) : '';
  const why = said instanceof Error ? said.message : String(said);
  const next = code.startsWith('SQLITE_NOTADB')
    ? 'It is not an SQLite database (or it is encrypted); it was left as it is. Set DB_PATH to another file.'
    : code.startsWith('SQLITE_BUSY')
      ? 'Another program holds it locked. Close that program and start again.'
      : 'Check that the folder exists, is on a disk with free space, and belongs to the user that runs Athena.';
  return new DatabaseRefused(`The database ${path} cannot be opened: ${why}. ${next}`, { cause: error });
}
