/** A disk that fills up inside a group: what failed leaves nothing, what did not is committed as a whole. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { TransientError } from '../../src/core/errors.ts';
import { createIdleCheckpoint } from '../../src/store/checkpoint.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import { aFolder, aWorld, countRows } from './world.ts';

const PAGES_OF_ROOM = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

async function nearlyFull(room: number) {
  const path = join(aFolder(), 'tasks.db');
  const world = await aWorld({ path });
  await world.run(world.tasks.submit({ description: 'there before' }));
  await world.run(world.tasks.claim(1, { instanceId: 'mac' }));
  const pages = Number(world.client.pragma('page_count', { simple: true }));
  world.client.pragma(`max_page_count = ${pages + room}`);
  return world;
}

/** As another program sees the file: only what is committed. */
function committed(path: string) {
  const reader = new Database(path, { readonly: true });
  try {
    const events = reader.prepare('SELECT task_id, action FROM task_logs ORDER BY id').all();
    const counters = reader.prepare('SELECT status, n FROM task_counts').all() as {
      status: string;
      n: number;
    }[];
    const notes = reader.prepare('SELECT notes FROM tasks WHERE id = 1').pluck().get() as string | null;
    const switched = reader.prepare('SELECT paused FROM queue_state').pluck().get();
    const counted = Object.fromEntries(counters.map(({ status, n }) => [status, n]));
    return { events, counted, rows: countRows(reader), notes, switched };
  } finally {
    reader.close();
  }
}

it.each(PAGES_OF_ROOM)('with room for %i pages, a write happens as a whole or not at all', async (room) => {
  const world = await nearlyFull(room);
  const notes = 'n'.repeat(16_000);
  const [paused, big, missing, seen] = await Promise.allSettled([
    world.run(world.tasks.pause()),
    world.run(world.tasks.complete(1, { instanceId: 'mac' }, notes)),
    world.run(world.tasks.claim(99, { instanceId: 'mac' })),
    world.run(world.instances.seen('mac')),
  ]);
  expect(world.client.inTransaction).toBe(false);
  expect([paused.status, seen.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(missing).toMatchObject({ reason: { code: 'task_not_found' } });
  const now = committed(world.path);
  expect(now.switched).toBe(1);
  expect(now.counted).toEqual(now.rows);
  if (big.status === 'fulfilled') {
    expect(now).toMatchObject({ notes, counted: { completed: 1, in_progress: 0 } });
    expect(now.events).toHaveLength(3);
  } else {
    expect(big.reason).toBeInstanceOf(TransientError);
    expect(big.reason).toMatchObject({ message: expect.stringContaining('full') as string });
    expect(now).toMatchObject({ notes: null, counted: { completed: 0, in_progress: 1 } });
    expect(now.events).toHaveLength(2);
  }
});

it('is survived: there are rooms that are too small and rooms that are not', async () => {
  const outcomes = new Set<string>();
  for (const room of [PAGES_OF_ROOM[0]!, PAGES_OF_ROOM.at(-1)!]) {
    const world = await nearlyFull(room);
    const done = world.run(world.tasks.complete(1, {}, 'n'.repeat(16_000)));
    outcomes.add(await done.then(() => 'done').catch(() => 'refused'));
    world.client.pragma('max_page_count = 1000000');
    if (outcomes.has('refused')) await world.run(world.tasks.setStatus(1, {}, { notes: 'n'.repeat(16_000) }));
  }
  expect(outcomes).toEqual(new Set(['refused', 'done']));
});

it('answers nobody of a group whose every piece fails, and reading goes on', async () => {
  const world = await nearlyFull(0);
  const wanted = Array.from({ length: 5 }, () => world.tasks.submit({ description: 'd'.repeat(4000) }));
  const answers = await Promise.allSettled(wanted.map((work) => world.run(work)));
  expect(answers.every((answer) => answer.status === 'rejected')).toBe(true);
  expect(committed(world.path).events).toHaveLength(2);
  expect(await world.store.task(1)).toMatchObject({ status: 'in_progress' });
  expect(await world.store.task(2)).toBeNull();
  world.client.pragma('max_page_count = 1000000');
  expect(await world.run(wanted[0]!)).toMatchObject({ id: 2 });
});

it('does not stop the server when the write-ahead log cannot be folded in', () => {
  const path = join(aFolder(), 'tasks.db');
  const [clock, logger] = [manualClock(), recordingLogger()];
  const client = new Database(path);
  const checkpoint = createIdleCheckpoint({ client, clock, path, logger });
  client.close();
  writeFileSync(`${path}-wal`, '');
  truncateSync(`${path}-wal`, 9 * 1024 * 1024);
  // Whatever the disk would say, it says it loudly, and so does a connection that is closed.
  checkpoint.written();
  clock.advance(10_000);
  expect(logger.lines).toMatchObject([{ level: 'warn' }]);
});
