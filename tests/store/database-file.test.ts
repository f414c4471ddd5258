/** The database file: made, upgraded, refused and left alone. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { DatabaseRefused } from '../../src/store/database-refused.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import { aFolder, aWorld, servicesFor } from './world.ts';

function open(path: string) {
  const logger = recordingLogger();
  return createSqliteStore({ path, clock: manualClock(), logger, lockWaitMs: 0 });
}

/** Every file in the folder but the lock, with all its bytes. */
function everything(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((name) => !name.endsWith('-lock'));
  return Object.fromEntries(
    files.sort().map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );
}

async function madeBefore(path: string): Promise<void> {
  const store = await open(path);
  await store.decide(servicesFor(manualClock()).tasks.submit({ description: 'from before' }));
  await store.close();
}

function edit(path: string, sql: string): void {
  const client = new Database(path);
  client.exec(sql);
  client.close();
}

describe('a database', () => {
  it.each(['tasks.db', 'with spaces and ünïcödé 😀.db', 'quo\'te".db', 'deep/er/still/tasks.db'])(
    'called %s is made with its folder, and is there at the second start',
    async (name) => {
      const path = join(aFolder(), name);
      await madeBefore(path);
      const store = await open(path);
      expect(await store.task(1)).toMatchObject({ description: 'from before' });
      await store.close();
      expect(readdirSync(join(path, '..')).filter((file) => file.includes('.schema-'))).toEqual([]);
    },
  );

  it('keeps its promises about the disk and never waits inside SQLite', async () => {
    const { client } = await aWorld({ path: join(aFolder(), 'tasks.db') });
    const pragma = (name: string): unknown => client.pragma(name, { simple: true });
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('busy_timeout')).toBe(0);
    expect(pragma('foreign_keys')).toBe(1);
    expect(pragma('journal_size_limit')).toBe(64 * 1024 * 1024);
  });

  it.each<[string, (path: string) => void]>([
    [
      'an empty file',
      (path) => {
        writeFileSync(path, '');
      },
    ],
    [
      'a first start that was cut short after the mark',
      (path) => {
        edit(path, 'PRAGMA journal_mode = WAL; PRAGMA application_id = 1096042565');
      },
    ],
    [
      'a first start that was cut short before its transaction',
      (path) => {
        edit(
          path,
          `PRAGMA application_id = 1096042565;
         CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`,
        );
      },
    ],
  ])('starts on %s', async (_what, prepare) => {
    const path = join(aFolder(), 'tasks.db');
    prepare(path);
    await madeBefore(path);
    const store = await open(path);
    expect((await store.counts()).counts.pending).toBe(1);
    await store.close();
  });

  it('outlives a server that was killed: what was acknowledged is read from its log', async () => {
    const folder = aFolder();
    const world = await aWorld({ path: join(folder, 'tasks.db') });
    await world.run(world.tasks.submit({ description: 'acknowledged' }));
    const copy = join(aFolder(), 'tasks.db');
    for (const end of ['', '-wal']) writeFileSync(copy + end, readFileSync(world.path + end));
    const store = await open(copy);
    expect(await store.task(1)).toMatchObject({ description: 'acknowledged' });
    await store.close();
  });
});

describe('a database that is refused stays byte for byte as it is', () => {
  const NEWER = `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)`;

  it.each<[string, RegExp, (path: string) => void | Promise<void>]>([
    [
      'one made by a newer version',
      /newer version/,
      async (path) => {
        await madeBefore(path);
        edit(path, NEWER);
      },
    ],
    [
      'one of another program',
      /another program/,
      (path) => {
        edit(path, 'CREATE TABLE recipes (id INTEGER); INSERT INTO recipes VALUES (1)');
      },
    ],
    [
      'one of another program in WAL mode',
      /another program/,
      (path) => {
        edit(path, 'PRAGMA journal_mode = WAL; CREATE TABLE recipes (id INTEGER)');
      },
    ],
    [
      'no database at all',
      /not an SQLite database/,
      (path) => {
        writeFileSync(path, 'Dear diary, '.repeat(1000));
      },
    ],
    [
      'one that was cut off',
      /cannot be opened|not an SQLite/,
      (path) => {
        writeFileSync(path, 'SQLite format 3\0 and then nothing'.padEnd(4096, '\0'));
      },
    ],
  ])('%s', async (_what, message, prepare) => {
    const folder = aFolder();
    const path = join(folder, 'tasks.db');
    await prepare(path);
    const before = everything(folder);
    await expect(open(path)).rejects.toThrow(DatabaseRefused);
    await expect(open(path)).rejects.toThrow(message);
    await expect(open(path)).rejects.toThrow(path);
    expect(everything(folder)).toEqual(before);
  });

  it('also one made by a newer version that was killed and has left its log', async () => {
    const folder = aFolder();
    const path = join(folder, 'tasks.db');
    await madeBefore(path);
    const newer = new Database(path);
    newer.pragma('journal_mode = WAL');
    newer.exec(NEWER);
    const copies = ['', '-wal'].map((end) => [end, readFileSync(path + end)] as const);
    newer.close();
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    for (const [end, bytes] of copies) writeFileSync(path + end, bytes);
    const before = everything(folder);
    await expect(open(path)).rejects.toThrow(/newer version/);
    expect(everything(folder)).toEqual(before);
  });

  it('also over a link, beside whose target nothing is left', async () => {
    const [real, links] = [aFolder(), aFolder()];
    await madeBefore(join(real, 'tasks.db'));
    edit(join(real, 'tasks.db'), NEWER);
    symlinkSync(join(real, 'tasks.db'), join(links, 'link.db'));
    const before = everything(real);
    await expect(open(join(links, 'link.db'))).rejects.toThrow(/newer version/);
    expect(everything(real)).toEqual(before);
    expect(readdirSync(links)).toEqual(['link.db']);
  });
});

describe('a place that cannot be used is named with the next step', () => {
  it.each<[string, (folder: string) => string]>([
    [
      'a folder',
      (folder) => {
        mkdirSync(join(folder, 'tasks.db'));
        return join(folder, 'tasks.db');
      },
    ],
    [
      'a file where a folder should be',
      (folder) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file', 'tasks.db');
      },
    ],
    [
      'a link that leads in a circle',
      (folder) => {
        symlinkSync(join(folder, 'b.db'), join(folder, 'a.db'));
        symlinkSync(join(folder, 'a.db'), join(folder, 'b.db'));
        return join(folder, 'a.db');
      },
    ],
    ['a folder that nobody may write to', () => '/proc/athena/tasks.db'],
  ])('%s', async (_what, prepare) => {
    const path = prepare(aFolder());
    await expect(open(path)).rejects.toThrow(DatabaseRefused);
    await expect(open(path)).rejects.toThrow(path);
  });
});

it('over a link everything stands beside the file that the link leads to', async () => {
  const [real, links] = [realpathSync(aFolder()), aFolder()];
  symlinkSync(join(real, 'tasks.db'), join(links, 'one.db'));
  symlinkSync('one.db', join(links, 'two.db'));
  await madeBefore(join(links, 'two.db'));
  expect(readdirSync(links).sort()).toEqual(['one.db', 'two.db']);
  expect(readdirSync(real)).toContain('tasks.db-lock');
});
