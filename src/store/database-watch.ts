/**
 * Whether the file is still the database that was opened. SQLite itself goes on happily from its cache
 * and its open handle after the file was deleted or overwritten, until the process ends.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { IN_MEMORY } from './database.ts';

const MAGIC = 'SQLite format 3\0';

/** The returned check throws when the file is gone, is another one, or is no database any more. */
export function createDatabaseWatch(path: string): () => void {
  if (path === IN_MEMORY) return () => undefined;
  const opened = statSync(path);
  return () => {
    const found = statSync(path);
    if (found.ino !== opened.ino || found.dev !== opened.dev)
      throw new Error('the database file was replaced');
    if (readStart(path) !== MAGIC) throw new Error('the database file is damaged');
  };
}

function readStart(path: string): string {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(MAGIC.length);
    readSync(file, start, 0, MAGIC.length, 0);
    return start.toString('latin1');
  } finally {
    closeSync(file);
  }
}
