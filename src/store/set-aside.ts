/** Keeps the database that a restore replaces, under another name in the same folder. */
import { constants, copyFileSync, existsSync, linkSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { APPLICATION_ID } from './database.ts';
import { DatabaseRefused } from './database-refused.ts';
import { syncFile, syncFolderOf } from './durable.ts';
import { isLocked } from './sqlite-errors.ts';

/** What SQLite keeps beside a database, and finds by its name. */
export const COMPANIONS = ['-wal', '-shm', '-journal'] as const;

const WAIT_MS = 2000;

/**
 * Brings everything into the one file. False when it cannot be read any more, which is a reason to
 * restore and no reason not to. Throws DatabaseRefused while another program uses it.
 */
export function foldLog(path: string): boolean {
  let client: Database.Database | undefined;
  try {
    // Read-only first: whoever opens a wreck for writing throws away its log, which may be all that is left.
    client = new Database(path, { readonly: true, timeout: WAIT_MS });
    refuseForeignPlace(client, path);
    client.close();
    client = new Database(path, { timeout: WAIT_MS });
    // Needs the database for itself alone, and takes the log away with it.
    const mode = client.pragma('journal_mode = DELETE', { simple: true });
    if (mode !== 'delete') throw inUse(path);
    return true;
  } catch (error) {
    if (error instanceof DatabaseRefused) throw error;
    if (isLocked(error)) throw inUse(path, error);
    return false;
  } finally {
    client?.close();
  }
}

/** DB_PATH may name another program's database by mistake; that one is not even moved. */
function refuseForeignPlace(client: Database.Database, path: string): void {
  if (client.pragma('application_id', { simple: true }) === APPLICATION_ID) return;
  if (client.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0) return;
  throw new DatabaseRefused(
    `${path} is an SQLite database of another program; it was left as it is. Set DB_PATH to another file.`,
  );
}

function inUse(path: string, cause?: unknown): DatabaseRefused {
  return new DatabaseRefused(
    `Another program has the database ${path} open. Close it and try again; nothing was changed.`,
    { cause },
  );
}

/** A second name for the same bytes where the disk knows that, else a copy; the first name stays for now. */
export function keepAside(path: string, now: Date): string {
  const aside = `${path}.before-restore-${now.toISOString().replace(/[:.]/g, '')}`;
  for (const end of ['', ...COMPANIONS]) if (existsSync(path + end)) duplicate(path + end, aside + end);
  syncFolderOf(aside);
  return aside;
}

function duplicate(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    syncFile(to);
  }
}

export function removeCompanions(path: string): void {
  for (const end of COMPANIONS) rmSync(path + end, { force: true });
  syncFolderOf(path);
}
