/** A backup: made beside a server that writes, verified, whole or not there at all. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backupDatabase, type BackupProgress } from '../../src/store/backup.ts';
import { DatabaseRefused } from '../../src/store/database-refused.ts';
import { verifyDatabase } from '../../src/store/verify.ts';
import { aFolder, aWorld } from './world.ts';

async function aQueue(tasks = 3) {
  const path = join(aFolder(), 'tasks.db');
  const world = await aWorld({ path });
  const add = (description: string) => world.run(world.tasks.submit({ description }));
  for (let n = 1; n <= tasks; n += 1) await add(`task ${n}`);
  return { ...world, add };
}

function descriptions(file: string): unknown[] {
  const client = new Database(file, { readonly: true });
  const found = client.prepare('SELECT description FROM tasks ORDER BY id').pluck().all();
  client.close();
  return found;
}

const backup = (path: string, file: string, more = {}) =>
  backupDatabase({ path, file, replace: false, ...more });

describe('a backup', () => {
  it('of a database in use holds everything, in one file of its own that only its owner reads', async () => {
    const { path } = await aQueue();
    const folder = aFolder();
    const file = join(folder, 'copy.db');
    expect(await backup(path, file)).toMatchObject({ tasks: 3, events: 3, bytes: statSync(file).size });
    expect(descriptions(file)).toEqual(['task 1', 'task 2', 'task 3']);
    expect(readdirSync(folder).sort()).toEqual(['copy.db', 'copy.db.sha256']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    execFileSync('sha256sum', ['--check', '--strict', 'copy.db.sha256'], { cwd: folder });
  });

  it('shows one moment, whatever is written while it is made, and never begins anew', async () => {
    const { path, add } = await aQueue();
    const filler = 'x'.repeat(3900);
    await Promise.all(Array.from({ length: 600 }, () => add(filler)));
    const file = join(aFolder(), 'copy.db');
    const copied: number[] = [];
    const writes: Promise<unknown>[] = [];
    const onProgress = ({ doing, copiedBytes }: BackupProgress) => {
      if (doing === 'copying') copied.push(copiedBytes);
      writes.push(add('too late'));
    };
    await backup(path, file, { onProgress });
    await Promise.all(writes);
    expect(writes.length).toBeGreaterThan(3);
    expect(copied).toEqual([...copied].sort((a, b) => a - b));
    expect(descriptions(file)).toHaveLength(603);
    expect(descriptions(path)).toHaveLength(603 + writes.length);
  });

  it('of a database that nobody uses leaves nothing beside it', async () => {
    const { path, store } = await aQueue();
    await store.close();
    const folder = join(path, '..');
    const before = readdirSync(folder);
    await backup(path, join(aFolder(), 'copy.db'));
    expect(readdirSync(folder)).toEqual(before);
  });

  it('holds what a killed server has left in its log', async () => {
    const { path } = await aQueue();
    const killed = join(aFolder(), 'tasks.db');
    for (const end of ['', '-wal']) writeFileSync(killed + end, readFileSync(path + end));
    const file = join(aFolder(), 'copy.db');
    await backup(killed, file);
    expect(descriptions(file)).toHaveLength(3);
  });

  it('replaces a file only when told to, and takes away what an earlier one has left', async () => {
    const { path } = await aQueue();
    const file = join(aFolder(), 'copy.db');
    writeFileSync(`${file}.part`, 'half of something');
    await backup(path, file);
    await expect(backup(path, file)).rejects.toThrow(/exists already.*--force/);
    const before = readFileSync(`${file}.sha256`, 'utf8');
    expect(await backup(path, file, { replace: true })).toMatchObject({ tasks: 3 });
    expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(before);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['copy.db', 'copy.db.sha256']);
  });

  it('that is interrupted leaves nothing, neither while copying nor while verifying', async () => {
    const { path } = await aQueue();
    for (const when of ['copying', 'verifying']) {
      const folder = aFolder();
      const stop = new Error('enough');
      const onProgress = ({ doing }: BackupProgress) => {
        if (doing === when) throw stop;
      };
      // The first step copies nothing, so even the smallest database has a step to stop in.
      await expect(backup(path, join(folder, 'copy.db'), { onProgress })).rejects.toBe(stop);
      expect(readdirSync(folder)).toEqual([]);
    }
  });
});

describe('a backup is refused', () => {
  it('onto the database itself and what belongs to it, by any name, even when told to replace', async () => {
    const { path } = await aQueue();
    const link = join(aFolder(), 'link.db');
    symlinkSync(path, link);
    const linkedFolder = join(aFolder(), 'linked');
    symlinkSync(join(path, '..'), linkedFolder);
    const places = [path, `${path}-wal`, `${path}-lock`, link, join(linkedFolder, basename(path))];
    for (const file of places)
      await expect(backup(path, file, { replace: true })).rejects.toThrow(/belongs to the database itself/);
    expect(verifyDatabase(path, 'it').tasks).toBe(3);
  });

  it.each<[string, RegExp, (folder: string) => string]>([
    ['a folder that does not exist', /folder .* does not exist/, (folder) => join(folder, 'no', 'copy.db')],
    [
      'a folder in the place of the file',
      /is not a file/,
      (folder) => {
        mkdirSync(join(folder, 'copy.db'));
        return join(folder, 'copy.db');
      },
    ],
    ['a place that takes no files', /cannot be written/, () => '/proc/copy.db'],
  ])('into %s', async (_what, message, place) => {
    const { path } = await aQueue();
    const attempt = backup(path, place(aFolder()), { replace: true });
    await expect(attempt).rejects.toThrow(DatabaseRefused);
    await expect(attempt).rejects.toThrow(message);
  });

  it.each<[string, RegExp, (path: string) => void]>([
    ['nothing', /There is no database/, () => undefined],
    [
      'a text',
      /not a database/,
      (path) => {
        writeFileSync(path, 'Dear diary, '.repeat(1000));
      },
    ],
    [
      'the database of another program',
      /no database of Athena/,
      (path) => {
        new Database(path).exec('CREATE TABLE recipes (id INTEGER)').close();
      },
    ],
  ])('of %s, and nothing is left of it', async (_what, message, make) => {
    const [path, folder] = [join(aFolder(), 'tasks.db'), aFolder()];
    make(path);
    const attempt = backup(path, join(folder, 'copy.db'));
    await expect(attempt).rejects.toThrow(DatabaseRefused);
    await expect(attempt).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('when the database is damaged, so that a sound one is never replaced by it', async () => {
    const { path, store, add } = await aQueue();
    await Promise.all(Array.from({ length: 300 }, () => add('x'.repeat(3900))));
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xaa, 40 * 4096, 60 * 4096);
    writeFileSync(path, bytes);
    const folder = aFolder();
    writeFileSync(join(folder, 'copy.db'), 'the sound one');
    await expect(backup(path, join(folder, 'copy.db'), { replace: true })).rejects.toThrow(DatabaseRefused);
    expect(readdirSync(folder)).toEqual(['copy.db']);
    expect(existsSync(join(folder, 'copy.db.part'))).toBe(false);
  });

  it('when another one to the same file began meanwhile', async () => {
    const { path } = await aQueue();
    const file = join(aFolder(), 'copy.db');
    const others: Promise<unknown>[] = [];
    const onProgress = () => {
      if (others.length === 0) others.push(backup(path, file).catch(() => null));
    };
    await backup(path, file, { onProgress }).catch(() => null);
    await Promise.all(others);
    // Whichever of them ended well: what is there is whole.
    if (existsSync(file)) expect(verifyDatabase(file, file).tasks).toBe(3);
    expect(readdirSync(join(file, '..')).filter((name) => name.includes('part'))).toEqual([]);
  });
});
