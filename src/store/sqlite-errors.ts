/** What SQLite's own error codes mean for callers. Nowhere else are they read. */
import Database from 'better-sqlite3';
import { TransientError } from '../core/errors.ts';

export function isLocked(error: unknown): boolean {
  return hasCode(error, /^SQLITE_(BUSY|LOCKED)/);
}

const WORLD: readonly { code: RegExp; says: string; retryAfterMs: number }[] = [
  { code: /^SQLITE_(BUSY|LOCKED)/, says: 'The database is locked by another program.', retryAfterMs: 1000 },
  {
    code: /^SQLITE_FULL/,
    says: 'The disk that holds the database is full; nothing was changed.',
    retryAfterMs: 10_000,
  },
  {
    code: /^SQLITE_IOERR/,
    says: 'The disk that holds the database fails; nothing was changed.',
    retryAfterMs: 10_000,
  },
  {
    code: /^SQLITE_READONLY/,
    says: 'The database cannot be written to at the moment.',
    retryAfterMs: 10_000,
  },
];

/** Turns "not now" into a TransientError; anything else (a refusal, a bug) stays what it is. */
export function asStoreError(error: unknown): Error {
  const cause = WORLD.find(({ code }) => hasCode(error, code));
  if (cause === undefined) return error instanceof Error ? error : new Error(String(error));
  return new TransientError(cause.says, { retryAfterMs: cause.retryAfterMs, cause: error });
}

function hasCode(error: unknown, code: RegExp): boolean {
  return error instanceof Database.SqliteError && code.test(error.code);
}
