/** A restore: the backup becomes the database, and until then everything stays as it was. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backupDatabase } from '../../src/store/backup.ts';
import { DatabaseRefused } from '../../src/store/database-refused.ts';
import { restoreDatabase, RESTORE_STEPS, type RestoreOrder } from '../../src/store/restore.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { systemClock } from '../../src/system.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import { makeReleased, RELEASES, type Release } from '../support/releases.ts';
import { aFolder, aWorld, servicesFor } from './world.ts';

const MODULE = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

function restore(path: string, file: string, more: Partial<RestoreOrder> = {}) {
  const confirm = () => Promise.resolve(true);
  return restoreDatabase({ path, file, clock: systemClock, lockWaitMs: 0, confirm, ...more });
}

/** A database with these tasks that nobody uses. */
async function aDatabase(...tasks: string[]): Promise<string> {
  const path = join(aFolder(), 'tasks.db');
  const world = await aWorld({ path });
  for (const description of tasks) await world.run(world.tasks.submit({ description }));
  await world.store.close();
  return path;
}

async function aBackup(...tasks: string[]): Promise<string> {
  const file = join(aFolder(), 'copy.db');
  await backupDatabase({ path: await aDatabase(...tasks), file, replace: false });
  return file;
}

async function aBackupOfARelease(release: Release | undefined): Promise<string> {
  if (release === undefined) throw new Error('there is no release');
  const [path, file] = [join(aFolder(), 'tasks.db'), join(aFolder(), 'copy.db')];
  makeReleased(path, release);
  await backupDatabase({ path, file, replace: false });
  return file;
}

/** What a server finds there. */
async function served(path: string): Promise<string[]> {
  const store = await createSqliteStore({
    path,
    clock: manualClock(),
    logger: recordingLogger(),
    lockWaitMs: 0,
  });
  const { tasks } = await store.tasks({ statuses: ['pending'], limit: 200 });
  await store.close();
  return tasks.map(({ description }) => description);
}

function everything(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((name) => !name.endsWith('-lock'));
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'base64')]));
}

describe('a restore', () => {
  it('into an empty folder makes the database', async () => {
    const path = join(aFolder(), 'deep', 'tasks.db');
    expect(await restore(path, await aBackup('one', 'two'))).toMatchObject({
      facts: { tasks: 2, events: 2 },
      keptAs: null,
    });
    expect(await served(path)).toEqual(['one', 'two']);
  });

  it('keeps the database of before whole under another name, its log included', async () => {
    const path = await aDatabase('old');
    // As a killed server leaves it: the newest task is in the log alone.
    const killed = join(aFolder(), 'tasks.db');
    const world = await aWorld({ path });
    await world.run(world.tasks.submit({ description: 'newest' }));
    for (const end of ['', '-wal']) writeFileSync(killed + end, readFileSync(path + end));
    const restored = await restore(killed, await aBackup('from the backup'));
    expect(await served(killed)).toEqual(['from the backup']);
    const keptAs = restored?.keptAs ?? '';
    expect(await restore(killed, keptAs)).toMatchObject({ facts: { tasks: 2 } });
    expect(await served(killed)).toEqual(['old', 'newest']);
  });

  it('goes on counting where the replaced database stopped, so that no number is given twice', async () => {
    const file = await aBackup('one');
    const path = await aDatabase('one', 'two', 'three');
    await restore(path, file);
    const world = await aWorld({ path });
    expect(await world.run(world.tasks.submit({ description: 'new' }))).toMatchObject({ id: 4 });
    expect((await world.store.eventsAfter('0', 10)).map(({ id }) => id)).toEqual([1, 4]);
  });

  it('also replaces a database that nothing can read any more, and keeps it all the same', async () => {
    const path = await aDatabase('old');
    writeFileSync(path, 'A'.repeat(9000));
    writeFileSync(`${path}-wal`, 'B'.repeat(9000));
    const { keptAs } = (await restore(path, await aBackup('sound'))) ?? {};
    // Beside the new file SQLite would take the old log for its own.
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(await served(path)).toEqual(['sound']);
    expect(readFileSync(keptAs ?? '', 'utf8')).toBe('A'.repeat(9000));
    expect(readFileSync(`${keptAs ?? ''}-wal`, 'utf8')).toBe('B'.repeat(9000));
  });

  it('follows links to the real database, and leaves the link', async () => {
    const path = await aDatabase('old');
    const link = join(aFolder(), 'link.db');
    symlinkSync(path, link);
    await restore(link, await aBackup('new'));
    expect(await served(link)).toEqual(['new']);
    expect(await served(path)).toEqual(['new']);
  });

  it('of an older schema is brought up to date at the next start', async () => {
    const file = await aBackupOfARelease(RELEASES[0]);
    writeFileSync(`${file}.sha256`, '');
    await expect(restore(join(aFolder(), 'tasks.db'), file)).rejects.toThrow(/differs from its checksum/);
    const path = await aDatabase('old');
    const bare = join(aFolder(), 'bare.db');
    writeFileSync(bare, readFileSync(file));
    let hasChecksum = true;
    await restore(path, bare, {
      confirm: (found) => {
        hasChecksum = found.hasChecksum;
        return Promise.resolve(true);
      },
    });
    expect(hasChecksum).toBe(false);
    expect(await served(path)).toHaveLength(16);
  });

  it('that is answered with no changes nothing', async () => {
    const path = await aDatabase('old');
    const before = everything(join(path, '..'));
    expect(await restore(path, await aBackup('new'), { confirm: () => Promise.resolve(false) })).toBeNull();
    expect(everything(join(path, '..'))).toEqual(before);
  });
});

describe('a restore is refused, and everything stays as it was,', () => {
  const edit = (file: string, sql: string) => {
    new Database(file).exec(sql).close();
  };

  it.each<[string, RegExp, (path: string) => Promise<string> | string]>([
    ['from no file', /There is no file/, () => '/nowhere/copy.db'],
    ['from a folder', /is not a file/, () => aFolder()],
    ['from the database itself', /is the database itself/, (path) => path],
    [
      'from another name of the database',
      /is the database itself/,
      (path) => {
        const link = join(aFolder(), 'link.db');
        symlinkSync(path, link);
        return link;
      },
    ],
    [
      'from a text',
      /not a database/,
      () => {
        const file = join(aFolder(), 'text');
        writeFileSync(file, 'Dear diary, '.repeat(1000));
        return file;
      },
    ],
    [
      'from a database of another program',
      /no database of Athena/,
      () => {
        const file = join(aFolder(), 'recipes.db');
        edit(file, 'CREATE TABLE recipes (id INTEGER)');
        return file;
      },
    ],
    [
      'from a newer schema',
      /newer version/,
      async () => {
        const file = await aBackup('from the future');
        edit(file, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)");
        const bare = join(aFolder(), 'bare.db');
        writeFileSync(bare, readFileSync(file));
        return bare;
      },
    ],
    [
      'from a backup that changed since',
      /differs from its checksum/,
      async () => {
        const file = await aBackup('one');
        appendFileSync(file, 'x');
        return file;
      },
    ],
    [
      'from a damaged file',
      /damaged|cannot be read/,
      async () => {
        const whole = readFileSync(await aBackup('one'));
        const file = join(aFolder(), 'half.db');
        writeFileSync(file, whole.subarray(0, Math.floor(whole.length / 2)));
        return file;
      },
    ],
    [
      'from the bare copy of a database in use',
      /log of its own.*athena backup/,
      async () => {
        const file = join(aFolder(), 'copy.db');
        writeFileSync(file, readFileSync(await aBackup('one')));
        writeFileSync(`${file}-wal`, 'something');
        return file;
      },
    ],
  ])('%s', async (_what, message, source) => {
    const path = await aDatabase('old');
    const file = await source(path);
    const before = everything(join(path, '..'));
    const attempt = restore(path, file);
    await expect(attempt).rejects.toThrow(DatabaseRefused);
    await expect(attempt).rejects.toThrow(message);
    expect(everything(join(path, '..'))).toEqual(before);
  });

  it('while a server uses the database', async () => {
    const file = await aBackup('new');
    const world = await aWorld({ path: join(aFolder(), 'tasks.db') });
    await expect(restore(world.path, file)).rejects.toThrow(/Another Athena server uses the database/);
  });

  it('while another program has it open', async () => {
    const path = await aDatabase('old');
    const other = new Database(path);
    onTestFinished(() => void other.close());
    other.exec('BEGIN');
    other.prepare('SELECT count(*) FROM tasks').get();
    await expect(restore(path, await aBackup('new'))).rejects.toThrow(/Another program has the database/);
    other.exec('COMMIT');
    expect(other.prepare('SELECT description FROM tasks').pluck().get()).toBe('old');
  });

  it('over the database of another program', async () => {
    const path = join(aFolder(), 'recipes.db');
    edit(path, 'CREATE TABLE recipes (id INTEGER)');
    const before = everything(join(path, '..'));
    await expect(restore(path, await aBackup('new'))).rejects.toThrow(/another program/);
    expect(everything(join(path, '..'))).toEqual(before);
  });
});

/** A restore in a process of its own that is killed right after a step. */
async function killAfter(step: string, path: string, file: string): Promise<void> {
  const program = `
    const { restoreDatabase } = await import(${MODULE('store/restore.ts')});
    const { systemClock } = await import(${MODULE('system.ts')});
    await restoreDatabase({ path: ${JSON.stringify(path)}, file: ${JSON.stringify(file)}, clock: systemClock, lockWaitMs: 0,
      confirm: () => Promise.resolve(true),
      reached: (step) => { if (step === ${JSON.stringify(step)}) process.kill(process.pid, 'SIGKILL'); } });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}

it.each(RESTORE_STEPS)('killed after "%s", the old or the new database is there, whole', async (step) => {
  const file = await aBackup('new');
  const path = await aDatabase();
  // As a killed server leaves it, with a log that must never meet the new file.
  const live = await aWorld({ path });
  await live.run(live.tasks.submit({ description: 'old' }));
  const killed = join(aFolder(), 'tasks.db');
  for (const end of ['', '-wal']) writeFileSync(killed + end, readFileSync(path + end));

  await killAfter(step, killed, file);
  expect(await served(killed)).toEqual(step === 'swapped' ? ['new'] : ['old']);
  const client = new Database(killed, { readonly: true });
  expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
  client.close();

  await restore(killed, file);
  expect(await served(killed)).toEqual(['new']);
  expect(existsSync(`${killed}.restore-part`)).toBe(false);
});

it('a restored queue is used as any other', async () => {
  const path = join(aFolder(), 'tasks.db');
  await restore(path, await aBackup('one'));
  const clock = manualClock();
  const store = await createSqliteStore({ path, clock, logger: recordingLogger(), lockWaitMs: 0 });
  const { tasks } = servicesFor(clock);
  const claimed = await store.decide(tasks.claimNext({ instanceId: 'mac', instanceName: 'mac' }));
  expect(claimed).toMatchObject({ claimed: { task: { id: 1 } } });
  await store.close();
});
