/**
 * Brings the tables up to date: all missing migrations and the note of them in one transaction, so that an
 * interrupted one leaves the file to the version that made it. Drizzle's own migrator ends a failed one with a
 * ROLLBACK that fails itself after a full disk, for SQLite has rolled back by then, and hides what happened.
 */
import { renameSync, rmSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { MigrationMeta } from 'drizzle-orm/migrator';

/** As drizzle makes it, whose files these are. */
const NOTES = `CREATE TABLE IF NOT EXISTS "__drizzle_migrations" (
				id SERIAL PRIMARY KEY,
				hash text NOT NULL,
				created_at numeric
			)`;

export function migrate(client: Database.Database, missing: readonly MigrationMeta[]): void {
  client
    .transaction(() => {
      client.exec(NOTES);
      const note = client.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)');
      for (const { sql, hash, folderMillis } of missing) {
        for (const statement of sql) client.exec(statement);
        note.run(hash, folderMillis);
      }
    })
    .immediate();
}

/**
 * A whole copy of the database at that path, or none. What an earlier try left goes first: SQLite would take
 * the half of a copy for a database, and a disk that was full would stay so.
 */
export async function copyTo(path: string, client: Database.Database): Promise<void> {
  const part = `${path}.part`;
  try {
    removeDatabase(part);
    await client.backup(part);
    renameSync(part, path);
  } catch (error) {
    removeDatabase(part);
    throw error;
  }
}

function removeDatabase(path: string): void {
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(path + end, { force: true });
}
