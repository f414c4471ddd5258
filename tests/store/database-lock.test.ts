/** One server per database, however the second one gets to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DatabaseRefused } from '../../src/store/database-refused.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import { aFolder, aWorld, settled } from './world.ts';

const STORE = new URL('../../src/store/sqlite-store.ts', import.meta.url).href;
const SYSTEM = new URL('../../src/system.ts', import.meta.url).href;

/** A process of its own that opens the database and says how that went. */
function anotherServer(path: string, waitMs: number) {
  const program = `
    const { createSqliteStore } = await import(${JSON.stringify(STORE)});
    const { systemClock } = await import(${JSON.stringify(SYSTEM)});
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    try {
      await createSqliteStore({ path: ${JSON.stringify(path)}, clock: systemClock, logger, lockWaitMs: ${waitMs} });
      console.log('open');
      setInterval(() => {}, 1000);
    } catch (error) {
      console.log(error.name + ': ' + error.message);
    }`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = once(child.stdout, 'data').then(([line]) => String(line).trim());
  return { child, said, ended: once(child, 'exit').then(([code]) => code as number | null) };
}

function second(path: string, clock = manualClock()) {
  return createSqliteStore({ path, clock, logger: recordingLogger(), lockWaitMs: 15_000 });
}

it('a second server waits for the first one to go, and then refuses, naming the file', async () => {
  const { path } = await aWorld({ path: join(aFolder(), 'tasks.db') });
  const clock = manualClock();
  let ended = false;
  const opening = second(path, clock).finally(() => (ended = true));
  opening.catch(() => null);
  for (let waited = 0; waited < 14_900; waited += 100) {
    clock.advance(100);
    await Promise.resolve();
    await Promise.resolve();
  }
  await settled();
  expect(ended).toBe(false);
  for (let turn = 0; turn < 10; turn += 1) {
    clock.advance(100);
    await settled();
  }
  await expect(opening).rejects.toThrow(DatabaseRefused);
  await expect(opening).rejects.toThrow(`Another Athena server uses the database ${path}`);
});

it('a second server takes over when the first one goes in time', async () => {
  const { path, store } = await aWorld({ path: join(aFolder(), 'tasks.db') });
  const clock = manualClock();
  const opening = second(path, clock);
  await settled();
  await store.close();
  clock.advance(100);
  const taken = await opening;
  await expect(taken.ping()).resolves.toBeUndefined();
  await taken.close();
});

it.each([
  ['a link', 'tasks.db', 'link.db'],
  ['a link to a link', 'tasks.db', 'link-2.db'],
  ['its own name while the first one uses a link', 'link.db', 'tasks.db'],
])(
  'a second server is refused over %s, also when the file was made only then',
  async (_how, first, other) => {
    const folder = aFolder();
    symlinkSync('tasks.db', join(folder, 'link.db'));
    symlinkSync('link.db', join(folder, 'link-2.db'));
    await aWorld({ path: join(folder, first) });
    const options = {
      path: join(folder, other),
      clock: manualClock(),
      logger: recordingLogger(),
      lockWaitMs: 0,
    };
    await expect(createSqliteStore(options)).rejects.toThrow(/Another Athena server/);
  },
);

it('a process that waits for the lock stays until it has refused or got it', async () => {
  const path = join(aFolder(), 'tasks.db');
  const { store } = await aWorld({ path });
  const refused = anotherServer(path, 300);
  expect(await refused.said).toContain(`DatabaseRefused: Another Athena server uses the database ${path}`);
  expect(await refused.ended).toBe(0);
  const patient = anotherServer(path, 10_000);
  await store.close();
  expect(await patient.said).toBe('open');
});

it('a server that was killed leaves no lock behind', async () => {
  const path = join(aFolder(), 'tasks.db');
  const killed = anotherServer(path, 0);
  expect(await killed.said).toBe('open');
  const options = { path, clock: manualClock(), logger: recordingLogger(), lockWaitMs: 0 };
  await expect(createSqliteStore(options)).rejects.toThrow(/Another Athena server/);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const store = await createSqliteStore(options);
  await store.close();
});

it('a lock file that is something else is named, not waited for', async () => {
  const path = join(aFolder(), 'tasks.db');
  writeFileSync(`${path}-lock`, 'mine, keep off'.repeat(100));
  await expect(second(path)).rejects.toThrow(`The lock file ${path}-lock cannot be used`);
});

it('a database that is refused gives its lock back', async () => {
  const path = join(aFolder(), 'tasks.db');
  writeFileSync(path, 'no database'.repeat(100));
  await expect(second(path)).rejects.toThrow(/not an SQLite database/);
  await expect(second(path)).rejects.toThrow(/not an SQLite database/);
});
