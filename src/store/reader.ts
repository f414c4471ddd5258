/**
 * A read-only look at a database, beside a running server or without one, that leaves nothing behind:
 * whoever reads a database with a write-ahead log makes two files beside it, and these go again.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { tryLockDatabase } from './database-lock.ts';
import { DatabaseRefused } from './database-refused.ts';

const WAIT_MS = 5000;

export interface Reader {
  readonly client: Database.Database;
  readonly close: () => void;
}

/** Throws DatabaseRefused when there is no such file, or SQLite's own error. `path` is no link. */
export function openReader(path: string): Reader {
  if (!existsSync(path)) {
    throw new DatabaseRefused(`There is no database ${path}. Set DB_PATH to the one that the server uses.`);
  }
  if (!statSync(path).isFile()) throw new DatabaseRefused(`${path} is not a file.`);
  const isNew = ['-wal', '-shm'].map((end) => path + end).filter((file) => !existsSync(file));
  const client = new Database(path, { readonly: true, fileMustExist: true, timeout: WAIT_MS });
  return {
    client,
    close() {
      client.close();
      if (isNew.some((file) => existsSync(file))) tidy(path, isNew);
    },
  };
}

/** Only while no server can open the database: it would use the very same files. */
function tidy(path: string, files: readonly string[]): void {
  let lock: ReturnType<typeof tryLockDatabase> = null;
  try {
    lock = tryLockDatabase(path);
    if (lock === null || (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
    for (const file of files) rmSync(file, { force: true });
  } catch {
    // They do no harm; a folder that cannot be written to keeps them.
  } finally {
    lock?.release();
  }
}
