/** An update that does not come to its end leaves the old database, a whole copy or none, and a way on. */
import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { beforeEach, describe, expect, it } from 'vitest';
import { DatabaseRefused } from '../../src/store/database-refused.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import {
  contentsOf,
  damagesOf,
  makeReleased,
  RELEASES,
  schemaOf,
  type Contents,
} from '../support/releases.ts';
import { aFolder } from './world.ts';

const MIGRATIONS = readMigrationFiles({ migrationsFolder: 'drizzle' });

function open(path: string) {
  return createSqliteStore({ path, clock: manualClock(), logger: recordingLogger(), lockWaitMs: 0 });
}

function edit(path: string, sql: string): void {
  const client = new Database(path);
  client.exec(sql);
  client.close();
}

const outdated = RELEASES.filter(({ migrations }) => migrations.length < MIGRATIONS.length);

describe.each(outdated)('a database of $version', (release) => {
  const missing = MIGRATIONS.slice(release.migrations.length);
  const copy = `tasks.db.schema-${MIGRATIONS[release.migrations.length - 1]!.folderMillis}`;
  let folder: string;
  let path: string;
  let before: { contents: Contents; schema: unknown[] };
  const now = () => ({ contents: contentsOf(path), schema: schemaOf(path) });
  beforeEach(() => {
    folder = aFolder();
    path = join(folder, 'tasks.db');
    makeReleased(path, release);
    before = now();
  });

  it('is as it was after a statement that failed, and is updated once the obstacle is gone', async () => {
    // Late, so that much has been done by then.
    const statements = missing.flatMap(({ sql }) => sql).join('\n');
    const obstacle = [...statements.matchAll(/CREATE INDEX `(\w+)`/g)].at(-1)![1]!;
    edit(path, `CREATE INDEX ${obstacle} ON instances (name)`);
    before = now();
    await expect(open(path)).rejects.toThrow(DatabaseRefused);
    await expect(open(path)).rejects.toThrow(/already exists/);
    expect(now()).toEqual(before);
    expect(contentsOf(join(folder, copy))).toEqual(before.contents);
    expect([...damagesOf(path), ...damagesOf(join(folder, copy))]).toEqual([]);
    edit(path, `DROP INDEX ${obstacle}`);
    await (await open(path)).close();
    expect(contentsOf(path)['__drizzle_migrations']).toHaveLength(MIGRATIONS.length);
  });

  it('is as it was wherever the disk became full, and the reason is told', () => {
    const outcomes = new Set<string>();
    for (let room = 0; !outcomes.has('updated'); room += 1) {
      const client = new Database(path);
      client.pragma(`max_page_count = ${Number(client.pragma('page_count', { simple: true })) + room}`);
      try {
        migrate(client, missing);
        outcomes.add('updated');
      } catch (error) {
        outcomes.add('refused');
        expect(error).toMatchObject({ code: 'SQLITE_FULL' });
        expect(client.inTransaction).toBe(false);
      }
      client.close();
      if (!outcomes.has('updated')) expect(now()).toEqual(before);
      expect(damagesOf(path)).toEqual([]);
    }
    expect(outcomes).toEqual(new Set(['refused', 'updated']));
  });

  it('is as it was when no copy of it could be made', async () => {
    mkdirSync(join(folder, `${copy}.part`, 'in the way'), { recursive: true });
    await expect(open(path)).rejects.toThrow(DatabaseRefused);
    expect(now()).toEqual(before);
    expect(readdirSync(folder)).not.toContain(copy);
    rmdirSync(join(folder, `${copy}.part`, 'in the way'));
    rmdirSync(join(folder, `${copy}.part`));
    await (await open(path)).close();
    expect(contentsOf(join(folder, copy))).toEqual(before.contents);
  });

  it.each(['', 'not a database at all '.repeat(1000), 'SQLite format 3\0'.padEnd(8192, '\0')])(
    'does not stumble over the half of a copy that a kill left (%#)',
    async (half) => {
      writeFileSync(join(folder, `${copy}.part`), half);
      writeFileSync(join(folder, `${copy}.part-journal`), half);
      await (await open(path)).close();
      expect(contentsOf(join(folder, copy))).toEqual(before.contents);
      expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
    },
  );
});
