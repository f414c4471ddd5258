import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotificationRelay } from '../../src/background/notification-relay.ts';
import { createRetention, type RetentionDeps } from '../../src/background/retention.ts';
import { TransientError } from '../../src/core/errors.ts';
import type { RetentionStore } from '../../src/core/retention.ts';
import { toArchivedTask } from '../../src/http/archived.ts';
import { createArchiveFolder } from '../../src/store/archive-folder.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { turns, until } from '../support/http-until.ts';
import { aFolder } from '../store/world.ts';
import { fakeFrontEnd } from './fake-front-end.ts';

const MINUTES = 60_000;
const DAY_MS = 24 * 60 * MINUTES;

let world: HttpWorld;
let running: ReturnType<typeof createRetention>[];
beforeEach(async () => {
  world = await createHttpWorld();
  running = [];
});
afterEach(async () => {
  for (const retention of running) await retention.stop();
  await world.store.close();
});

function start(deps: Partial<RetentionDeps> = {}) {
  const { store, clock, logger } = world;
  const usual = { store, archive: null, keepMs: 30 * DAY_MS, delivered: null, clock, logger };
  const retention = createRetention({ ...usual, ...deps });
  running.push(retention);
  retention.start();
  return retention;
}

async function finished(count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/complete`, { body: { notes: 'done' } });
    ids.push(id);
  }
  return ids;
}

const total = async () => (await world.api.stats()).total;
const pass = async (ms: number) => {
  world.clock.advance(ms);
  await turns();
};
/** Until nothing more may go: batches follow one another after a short pause. */
async function passUntil(happened: () => Promise<boolean>, stepMs = 50): Promise<void> {
  for (let n = 0; n < 2000 && !(await happened()); n += 1) await pass(stepMs);
  expect(await happened()).toBe(true);
}
const said = (level: string) => world.logger.lines.filter((line) => line.level === level);

describe('tasks that ended long ago', () => {
  it('are retired a minute after the start, batch by batch, and those of yesterday stay', async () => {
    await finished(40);
    world.clock.advance(30 * DAY_MS);
    await finished(2);
    start();
    await pass(MINUTES - 1);
    expect(await total()).toBe(42);
    await pass(1);
    const afterOne = await total();
    expect(afterOne).toBeLessThan(42);
    expect(afterOne).toBeGreaterThan(2);
    await passUntil(async () => (await total()) === 2);
    await pass(50);
    expect(said('info').at(-1)).toMatchObject({ details: { tasks: 40 } });
  });

  it('are looked for again every ten minutes', async () => {
    start();
    await pass(MINUTES);
    await finished(1);
    world.clock.advance(30 * DAY_MS - 10 * MINUTES);
    await pass(10 * MINUTES);
    expect(await total()).toBe(1);
    await pass(10 * MINUTES);
    expect(await total()).toBe(0);
  });

  it('stay while the front end has yet to tell of them, and go once it has', async () => {
    const fake = fakeFrontEnd();
    const { store, clock, logger } = world;
    const relay = createNotificationRelay({ store, frontEnd: fake.frontEnd, clock, logger });
    let open: () => void = () => undefined;
    fake.readyWhen(new Promise((resolve) => (open = resolve)));
    expect(await relay.delivered()).toBeNull();
    relay.start();
    await turns();
    await finished(2);
    world.clock.advance(31 * DAY_MS);
    start({ delivered: () => relay.delivered() });
    await pass(MINUTES);
    await pass(20 * MINUTES);
    expect(await total()).toBe(2);
    open();
    await until(() => fake.summaries.length === 1, 'the summary');
    await turns();
    await pass(10 * MINUTES);
    expect(await total()).toBe(0);
    await relay.stop();
  });

  it('stay while the front end does not know where it begins', async () => {
    await finished(1);
    world.clock.advance(31 * DAY_MS);
    start({ delivered: () => Promise.resolve(null) });
    await pass(20 * MINUTES);
    expect(await total()).toBe(1);
  });
});

describe('the archive', () => {
  const open = (folder: string) =>
    createArchiveFolder({
      folder,
      toEntry: (trail) => toArchivedTask(trail, { nameOf: (id) => id }),
      isKept: async ({ id }) => (await world.store.task(id)) !== null,
      logger: world.logger,
    });

  it('has each task as REST shows it, with its logs and leases, before it is deleted', async () => {
    const [id = 0] = await finished(1);
    const { task } = (await world.send('GET', `/api/tasks/${id}`)).json as { task: object };
    const { logs } = (await world.send('GET', `/api/tasks/${id}/logs`)).json as { logs: object[] };
    const folder = aFolder();
    world.clock.advance(31 * DAY_MS);
    start({ archive: open(folder) });
    await pass(MINUTES);
    await passUntil(async () => (await total()) === 0);
    const [name = ''] = readdirSync(folder);
    expect(name).toBe('athena-2026-01.jsonl');
    const line = JSON.parse(readFileSync(join(folder, name), 'utf8')) as object;
    expect(line).toMatchObject({ ...task, logs });
    expect(line).toMatchObject({ leases: [{ attempt: 1, outcome: 'completed', length_seconds: 7200 }] });
  });

  it('that cannot be written keeps every task, is named once, and is tried again', async () => {
    await finished(3);
    world.clock.advance(31 * DAY_MS);
    const folder = join(aFolder(), 'not mounted');
    start({ archive: open(folder) });
    await pass(MINUTES);
    await until(() => said('warn').length === 1, 'a warning');
    for (let n = 0; n < 5; n += 1) await pass(10 * MINUTES);
    expect(await total()).toBe(3);
    expect(said('warn')).toMatchObject([
      { details: { reason: expect.stringContaining(folder) as string, next: expect.any(String) as string } },
    ]);
    mkdirSync(folder);
    // A try that began before may still fail, on the real disk in its own time; the next one comes ten minutes later.
    await passUntil(async () => (await total()) === 0, 10 * MINUTES);
    expect(said('error')).toEqual([]);
  });
});

describe('a batch', () => {
  /** A store with endless work whose deletes take this long; gives the sizes it was asked for. */
  function slow(heldMs: () => number) {
    const limits: number[] = [];
    const store: RetentionStore = {
      retirable: ({ limit }) => {
        limits.push(limit);
        return Promise.resolve([{ task: { id: limits.length } as never, events: [], leases: [] }]);
      },
      retire: () => Promise.resolve({ done: true, heldMs: heldMs() }),
    };
    return { store, limits };
  }

  it('becomes half as large when it held others up for over 8 ms, and larger slowly', async () => {
    let heldMs = 1;
    const { store, limits } = slow(() => heldMs);
    start({ store });
    await pass(MINUTES);
    for (let n = 0; n < 100; n += 1) await pass(50);
    expect(limits.slice(0, 3)).toEqual([8, 9, 10]);
    expect(limits.at(-1)).toBe(64);
    heldMs = 9;
    for (let n = 0; n < 9; n += 1) await pass(50);
    expect(limits.slice(-9)).toEqual([64, 32, 16, 8, 4, 2, 1, 1, 1].slice(0, 9));
    heldMs = 6;
    for (let n = 0; n < 3; n += 1) await pass(50);
    expect(limits.slice(-2)).toEqual([1, 1]);
  });

  it('that fails is tried again later, and only a bug is an error, told once', async () => {
    const failures = [
      new TransientError('Locked.', { retryAfterMs: 1000 }),
      new Error('a bug'),
      new Error('a bug'),
    ];
    let tries = 0;
    const store: RetentionStore = {
      retirable: () => {
        tries += 1;
        const failure = failures.shift();
        return failure === undefined ? Promise.resolve([]) : Promise.reject(failure);
      },
      retire: () => Promise.reject(new Error('nothing to retire')),
    };
    start({ store });
    await pass(MINUTES);
    for (let n = 0; n < 4; n += 1) await pass(10 * MINUTES);
    expect(tries).toBe(5);
    expect(said('error')).toHaveLength(1);
    expect(said('warn')).toEqual([]);
  });

  it('that runs is waited for by the stop, and none follows', async () => {
    await finished(20);
    world.clock.advance(31 * DAY_MS);
    const retention = start();
    world.clock.advance(MINUTES);
    await retention.stop();
    const left = await total();
    expect(left).toBe(12);
    await pass(60 * MINUTES);
    expect(await total()).toBe(left);
  });
});
