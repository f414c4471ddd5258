/** Another program holds the database locked: writes wait in a timer, everything else goes on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { TransientError } from '../../src/core/errors.ts';
import { aFolder, aWorld, settled } from './world.ts';

const DRIVER = createRequire(import.meta.url).resolve('better-sqlite3');

/** Takes the write lock, says so, and gives it back when it is spoken to. */
const HOLDER = `
  const Database = require(${JSON.stringify(DRIVER)});
  const db = new Database(process.argv[1]);
  db.exec('BEGIN IMMEDIATE');
  console.log('locked');
  process.stdin.once('data', () => { db.exec('ROLLBACK'); db.close(); console.log('free'); process.stdin.pause(); });
`;

async function lockedWorld() {
  const world = await aWorld({ path: join(aFolder(), 'tasks.db') });
  await world.run(world.tasks.submit({ description: 'there before' }));
  const holder = spawn(process.execPath, ['-e', HOLDER, world.path], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await said(holder, 'locked');
  const free = async () => {
    holder.stdin.write('go\n');
    await said(holder, 'free');
  };
  return { ...world, holder, free };
}

async function said(holder: ChildProcess, word: string): Promise<void> {
  const [line] = (await once(holder.stdout!, 'data')) as [Buffer];
  expect(String(line)).toContain(word);
}

/** How the promise stands, without waiting for it. */
async function stateOf(promise: Promise<unknown>): Promise<'open' | 'kept' | 'broken'> {
  const open = settled().then(() => 'open' as const);
  return Promise.race([
    promise.then(
      () => 'kept' as const,
      () => 'broken' as const,
    ),
    open,
  ]);
}

it('for over five seconds: writes are refused for now, reads and the event loop never stop', async () => {
  const world = await lockedWorld();
  const write = world.run(world.tasks.submit({ description: 'waits' }));
  const remembered = world.store.memory('discord').save({ values: { position: '1' } });
  const began = performance.now();
  let turns = 0;
  for (let waited = 0; waited < 4900; waited += 100) {
    world.clock.advance(100);
    expect(await world.store.task(1)).toMatchObject({ status: 'pending' });
    turns += 1;
  }
  expect(await stateOf(write)).toBe('open');
  expect(turns).toBe(49);
  world.clock.advance(400);
  await expect(write).rejects.toThrow(TransientError);
  await expect(write).rejects.toMatchObject({ message: expect.stringContaining('locked') as string });
  await expect(remembered).rejects.toThrow(TransientError);
  // Were SQLite itself to wait, one try alone would take as long as its timeout.
  expect(performance.now() - began).toBeLessThan(3000);
  expect(await world.store.task(2)).toBeNull();
});

it('for less: the writes happen as soon as the lock goes, in the order they came', async () => {
  const world = await lockedWorld();
  const writes = ['one', 'two', 'three'].map((description) => world.run(world.tasks.submit({ description })));
  await settled();
  world.clock.advance(4000);
  expect(await stateOf(writes[0]!)).toBe('open');
  await world.free();
  world.clock.advance(250);
  expect((await Promise.all(writes)).map((task) => `${task.id} ${task.description}`)).toEqual([
    '2 one',
    '3 two',
    '4 three',
  ]);
});

it('waits for each write from when it came, not from when the first one did', async () => {
  const world = await lockedWorld();
  const early = world.run(world.tasks.submit({ description: 'early' }));
  await settled();
  world.clock.advance(3000);
  const late = world.run(world.tasks.submit({ description: 'late' }));
  world.clock.advance(2300);
  await expect(early).rejects.toThrow(TransientError);
  expect(await stateOf(late)).toBe('open');
  await world.free();
  world.clock.advance(250);
  await expect(late).resolves.toMatchObject({ description: 'late' });
});

it('by a process that is killed is free again', async () => {
  const world = await lockedWorld();
  const write = world.run(world.tasks.submit({ description: 'waits' }));
  await settled();
  world.holder.kill('SIGKILL');
  await once(world.holder, 'exit');
  world.clock.advance(250);
  await expect(write).resolves.toMatchObject({ id: 2 });
});
