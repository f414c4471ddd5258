/**
 * One server per database: an exclusive transaction held on a file of its own beside it, for as long
 * as the process lives. The operating system frees it when the process dies, however it dies.
 */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Clock } from '../core/ports.ts';
import { DatabaseRefused } from './database-refused.ts';
import { keepProcessAlive } from './keep-alive.ts';
import { isLocked } from './sqlite-errors.ts';

const RETRY_MS = 100;

export interface DatabaseLock {
  readonly release: () => void;
}

/** Waits up to `waitMs` for another server to go, then refuses, naming the file. `path` is no link. */
export async function lockDatabase(
  path: string,
  { clock, waitMs }: { clock: Clock; waitMs: number },
): Promise<DatabaseLock> {
  const deadline = clock.monotonicMs() + waitMs;
  // Nothing else runs yet at a start, and the clock's timers alone would let the process end.
  const letGo = keepProcessAlive();
  try {
    for (;;) {
      const lock = tryLockDatabase(path);
      if (lock !== null) return lock;
      if (clock.monotonicMs() >= deadline) {
        throw new DatabaseRefused(
          `Another Athena server uses the database ${path} (lock file ${lockFileOf(path)}). Stop it first, or set DB_PATH to another file.`,
        );
      }
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  } finally {
    letGo();
  }
}

function lockFileOf(path: string): string {
  return `${path}-lock`;
}

/** A look that makes no file. */
export function isLockHeld(path: string): boolean {
  if (!existsSync(lockFileOf(path))) return false;
  const lock = tryLockDatabase(path);
  lock?.release();
  return lock === null;
}

/** Null while another process holds it. */
export function tryLockDatabase(path: string): DatabaseLock | null {
  const file = lockFileOf(path);
  let client: Database.Database | undefined;
  try {
    client = new Database(file, { timeout: 0 });
    client.exec('BEGIN EXCLUSIVE');
    const held = client;
    return { release: () => void held.close() };
  } catch (error) {
    client?.close();
    if (isLocked(error)) return null;
    const why = error instanceof Error ? error.message : String(error);
    throw new DatabaseRefused(`The lock file ${file} cannot be used: ${why}.`, { cause: error });
  }
}
