import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeaseSweeper } from '../../src/background/lease-sweeper.ts';
import { createSweepService } from '../../src/core/sweep-service.ts';
import { createHttpWorld, type HttpWorld, type Reply } from '../support/http-world.ts';
import { turns, until } from '../support/http-until.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(async () => {
  world.waitingClaims.stop();
  await world.store.close();
});

/** A claim that waits; `answer` is set once it has come. */
function wait(instance = 'mac', more: object = {}) {
  const waiter: { answer: Reply | null; done: Promise<Reply> } = {
    answer: null,
    done: world
      .send('POST', '/api/tasks/claim', { body: { instance_id: instance, wait_seconds: 30, ...more } })
      .then((reply) => (waiter.answer = reply)),
  };
  return waiter;
}

async function waiters(count: number, instance?: string) {
  const all = Array.from({ length: count }, () => wait(instance));
  await until(() => world.waitingClaims.count() === count, 'waiting');
  await turns();
  return all;
}

describe('a waiting claim', () => {
  it('is answered at once when a task is there', async () => {
    const { id } = await world.api.add();
    expect((await wait().done).json).toMatchObject({ task: { id }, lease: {} });
  });

  it('is answered at once when a task arrives, without the clock moving', async () => {
    const [waiter] = await waiters(1);
    const { id } = await world.api.add();
    expect((await waiter!.done).json).toMatchObject({ status: 'in_progress', task: { id } });
  });

  it('is answered with no task when its time is over, and not before', async () => {
    const [waiter] = await waiters(1);
    world.clock.advance(29_999);
    await turns();
    expect(waiter!.answer).toBeNull();
    world.clock.advance(1);
    expect((await waiter!.done).json).toEqual({ task: null });
    expect(world.waitingClaims.count()).toBe(0);
  });

  it.each([0, null, undefined])('with %s seconds to wait is answered at once', async (wait_seconds) => {
    expect((await wait('mac', { wait_seconds }).done).json).toEqual({ task: null });
  });

  it('with a fraction of a second waits that long', async () => {
    const waiter = wait('mac', { wait_seconds: 0.5 });
    await until(() => world.waitingClaims.count() === 1);
    await turns();
    world.clock.advance(500);
    expect((await waiter.done).json).toEqual({ task: null });
  });

  it.each([
    ['released', 'release', {}],
    ['failed with a retry', 'fail', { error: 'x' }],
  ])('gets a task that is %s', async (_how, end, body) => {
    const { id } = await world.api.held('linux');
    const [waiter] = await waiters(1);
    await world.send('POST', `/api/tasks/${id}/${end}`, { body });
    expect((await waiter!.done).json).toMatchObject({ task: { id, instance_id: 'mac' } });
  });

  it('gets a task that is requeued', async () => {
    const { id } = await world.api.add();
    await world.send('POST', `/api/tasks/${id}/cancel`);
    const [waiter] = await waiters(1);
    await world.send('POST', `/api/tasks/${id}/requeue`);
    expect((await waiter!.done).json).toMatchObject({ task: { id } });
  });

  it('gets a task whose delay has passed, or whose lease has expired', async () => {
    const { store, clock, logger } = world;
    const sweeper = createLeaseSweeper({ store, sweeps: createSweepService({ clock }), clock, logger });
    await sweeper.start();
    const delayed = await world.api.held('linux');
    await world.send('POST', `/api/tasks/${delayed.id}/release`, { body: { retry_in_seconds: 5 } });
    const expiring = await world.api.held('linux', { lease_seconds: 10 });
    const all = await waiters(2);
    for (let second = 0; second < 15; second += 1) {
      clock.advance(1000);
      await turns();
    }
    const got = await Promise.all(all.map(({ done }) => done));
    const tasks = got.map(({ json }) => (json as { task: { id: number } | null }).task?.id);
    expect(tasks).toEqual([delayed.id, expiring.id]);
    await sweeper.stop();
  });

  it('for a target wakes that instance and nobody else', async () => {
    const [linux] = await waiters(1, 'linux');
    const mac = wait('mac');
    await until(() => world.waitingClaims.count() === 2);
    await turns();
    const { id } = await world.api.add('for mac', { target: 'mac' });
    expect((await mac.done).json).toMatchObject({ task: { id } });
    await turns();
    expect(linux!.answer).toBeNull();
  });
});

describe('many waiting claims', () => {
  it('one task has one winner, and the others go on waiting', async () => {
    const all = await waiters(50);
    await world.api.add();
    await until(() => all.some(({ answer }) => answer !== null));
    await turns();
    expect(all.filter(({ answer }) => answer !== null)).toHaveLength(1);
    expect(world.waitingClaims.count()).toBe(49);
    expect(await world.api.stats()).toMatchObject({ in_progress: 1, pending: 0 });
  });

  it('each of many tasks that arrive at once has one winner', async () => {
    const all = await waiters(20);
    await Promise.all(Array.from({ length: 20 }, () => world.api.add()));
    const got = await Promise.all(all.map(({ done }) => done));
    const ids = got.map(({ json }) => (json as { task: { id: number } }).task.id);
    expect(new Set(ids).size).toBe(20);
    expect(await world.api.stats()).toMatchObject({ in_progress: 20, pending: 0 });
  });

  it('first come is first served', async () => {
    const first = await waiters(1, 'first');
    const second = wait('second');
    await until(() => world.waitingClaims.count() === 2);
    await turns();
    await world.api.add();
    await first[0]!.done;
    expect(second.answer).toBeNull();
  });

  it('above two thousand are refused with Retry-After; a claim that finds a task is not', async () => {
    const all = await waiters(2000);
    const refused = await wait().done;
    expect([refused.status, refused.error]).toEqual([503, 'unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await wait('mac', { wait_seconds: 0 }).done).json).toEqual({ task: null });
    world.waitingClaims.stop();
    for (const { done } of all) expect((await done).status).toBe(200);
  });
});

describe('a paused queue', () => {
  beforeEach(() => world.send('POST', '/api/queue/pause', { body: { reason: 'lunch' } }));

  it('hands out nothing by claim-next, and says so', async () => {
    await world.api.add();
    expect(await world.api.claimNext()).toEqual({ task: null, paused: true });
  });

  it('leaves claims by id and running tasks alone', async () => {
    const { id, lease } = await world.api.held();
    await world.api.beat();
    const body = { lease_id: lease.lease_id };
    expect((await world.send('POST', `/api/tasks/${id}/complete`, { body })).status).toBe(200);
  });

  it('lets a waiting claim wait on, and resuming hands out at once', async () => {
    const { id } = await world.api.add();
    const [waiter] = await waiters(1);
    world.clock.advance(10_000);
    await turns();
    expect(waiter!.answer).toBeNull();
    await world.send('POST', '/api/queue/resume', { body: {} });
    expect((await waiter!.done).json).toMatchObject({ task: { id } });
  });

  it('is named in the answer of a claim that waited in vain', async () => {
    await world.api.add();
    const [waiter] = await waiters(1);
    world.clock.advance(30_000);
    expect((await waiter!.done).json).toEqual({ task: null, paused: true });
  });

  it('resumed serves all who wait while there are tasks', async () => {
    for (let n = 0; n < 5; n += 1) await world.api.add();
    const all = await waiters(8);
    await world.send('POST', '/api/queue/resume', { body: {} });
    await until(() => all.filter(({ answer }) => answer !== null).length === 5, 'five claims');
    await turns();
    expect(world.waitingClaims.count()).toBe(3);
  });
});

describe('a server that stops', () => {
  it('answers every waiting claim with no task, and hands out nothing more', async () => {
    const all = await waiters(10);
    world.waitingClaims.stop();
    for (const { done } of all) expect((await done).json).toEqual({ task: null });
    await world.api.add();
    expect((await wait().done).json).toEqual({ task: null });
    expect((await world.api.stats()).pending).toBe(1);
  });
});
