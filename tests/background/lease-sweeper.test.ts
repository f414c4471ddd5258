import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeaseSweeper, type LeaseSweeper } from '../../src/background/lease-sweeper.ts';
import { TransientError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/ports.ts';
import { createSweepService } from '../../src/core/sweep-service.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { turns } from '../support/http-until.ts';

let world: HttpWorld;
let sweeper: LeaseSweeper;
let calls: string[];
/** While set, nothing can be written. */
let locked = false;

function write<T>(name: string, real: () => Promise<T>): Promise<T> {
  calls.push(name);
  return locked ? Promise.reject(new TransientError('Locked.', { retryAfterMs: 1000 })) : real();
}

async function start(store: Store = world.store): Promise<void> {
  const { clock, logger } = world;
  const watched: Store = {
    ...store,
    decide: (work) => write('decide', () => store.decide(work)),
    shiftLeases: (byMs, graceMs) => write('shiftLeases', () => store.shiftLeases(byMs, graceMs)),
    nextTimes() {
      calls.push('nextTimes');
      return store.nextTimes();
    },
  };
  sweeper = createLeaseSweeper({ store: watched, sweeps: createSweepService({ clock }), clock, logger });
  await sweeper.start();
  calls = [];
}

beforeEach(async () => {
  world = await createHttpWorld();
  calls = [];
  locked = false;
});
afterEach(async () => {
  await sweeper.stop();
  await world.store.close();
});

/** Time as it passes for a healthy server: the tick comes every second. */
async function pass(seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n += 1) {
    world.clock.advance(1000);
    await turns(6);
  }
}

/** The process stood still. */
async function stall(seconds: number): Promise<void> {
  world.clock.advance(seconds * 1000);
  await turns(6);
}

const statusOf = async (id: number) => (await world.api.get(id)).status;

describe('an expired lease', () => {
  it('goes back to pending within five seconds, with its error, and not before', async () => {
    await start();
    const { id } = await world.api.held('mac', { lease_seconds: 60 });
    await pass(59);
    expect(await statusOf(id)).toBe('in_progress');
    await pass(5);
    expect(await world.api.get(id)).toMatchObject({
      status: 'pending',
      attempt: 1,
      instance_id: null,
      claimed_at: null,
      lease_expires_at: null,
    });
    expect((await world.api.get(id)).error).toContain('expired');
    expect(await world.api.logs(id)).toMatchObject([
      { action: 'created' },
      { action: 'claimed' },
      { action: 'expired', actor: 'system', instance_id: 'mac', details: { reason: 'lease_expired' } },
    ]);
    expect((await world.api.beat('mac', { lease_ids: ['lease-1'] })).lost).toEqual([
      { lease_id: 'lease-1', task_id: id, reason: 'expired' },
    ]);
  });

  it('after the last attempt is one failed event with the reason, and the task waits for a person', async () => {
    await start();
    const { id } = await world.api.add();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await world.api.claim(id, 'mac', { lease_seconds: 10 });
      await pass(13);
    }
    expect(await world.api.get(id)).toMatchObject({ status: 'failed', attempt: 3, instance_id: 'mac' });
    expect((await world.api.actions(id)).slice(-3)).toEqual(['expired', 'claimed', 'failed']);
    expect((await world.api.logs(id)).at(-1)?.details).toMatchObject({ reason: 'lease_expired' });
    await world.send('POST', `/api/tasks/${id}/requeue`);
    expect(await world.api.get(id)).toMatchObject({ status: 'pending', attempt: 0, error: null });
  });

  it('is never recovered while heartbeats come', async () => {
    await start();
    const { id } = await world.api.held('mac', { lease_seconds: 10 });
    for (let n = 0; n < 20; n += 1) {
      await pass(5);
      await world.api.beat();
    }
    expect(await world.api.actions(id)).toEqual(['created', 'claimed']);
  });

  it('of many tasks at once are all recovered', async () => {
    await start();
    for (let n = 0; n < 250; n += 1) await world.api.held('mac', { lease_seconds: 10 });
    await pass(10);
    await pass(5);
    expect(await world.api.stats()).toMatchObject({ pending: 250, in_progress: 0 });
  });

  it('never overwrites a completion that came in the same moment', async () => {
    await start();
    const tasks = [];
    for (let n = 0; n < 20; n += 1) tasks.push(await world.api.held('mac', { lease_seconds: 10 }));
    await pass(9);
    world.clock.advance(1000);
    const replies = await Promise.all(
      tasks.map(({ id, lease }) =>
        world.send('POST', `/api/tasks/${id}/complete`, { body: { lease_id: lease.lease_id } }),
      ),
    );
    await pass(3);
    for (const [n, { id }] of tasks.entries()) {
      const completed = replies[n]?.status === 200;
      expect(await statusOf(id)).toBe(completed ? 'completed' : 'pending');
      expect(await world.api.actions(id)).toHaveLength(3);
    }
  });
});

describe('a delayed task', () => {
  it('is offered within five seconds of its time, and not before', async () => {
    await start();
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/release`, { body: { retry_in_seconds: 30 } });
    await pass(29);
    expect(await world.api.claimNext()).toEqual({ task: null });
    await pass(5);
    expect((await world.api.get(id)).not_before).toBeNull();
    expect(await world.api.claimNext()).toMatchObject({ task: { id } });
  });

  it('can be claimed by id at any time', async () => {
    await start();
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/fail`, { body: { error: 'x', retry_in_seconds: 30 } });
    expect((await world.api.claim(id)).task.not_before).toBeNull();
    await pass(40);
    expect(await statusOf(id)).toBe('in_progress');
  });
});

describe('the grace', () => {
  it('after a start is thirty seconds for leases that ended while nobody listened', async () => {
    const { id } = await world.api.held('mac', { lease_seconds: 600 });
    world.clock.advance(3_600_000);
    await start();
    await pass(29);
    expect(await statusOf(id)).toBe('in_progress');
    expect((await world.api.beat()).leases).toHaveLength(1);
    await pass(60);
    expect(await statusOf(id)).toBe('in_progress');
  });

  it('after a start ends: who is not heard loses the lease within five seconds more', async () => {
    const { id } = await world.api.held('mac', { lease_seconds: 600 });
    world.clock.advance(3_600_000);
    await start();
    await pass(35);
    expect(await statusOf(id)).toBe('pending');
  });

  it('is the own length of a shorter lease', async () => {
    const { id } = await world.api.held('mac', { lease_seconds: 10 });
    world.clock.advance(3_600_000);
    await start();
    await pass(9);
    expect(await statusOf(id)).toBe('in_progress');
    await pass(6);
    expect(await statusOf(id)).toBe('pending');
  });

  it('after a stall of the server is given again', async () => {
    await start();
    const { id } = await world.api.held('mac', { lease_seconds: 60 });
    await stall(300);
    await pass(29);
    expect(await statusOf(id)).toBe('in_progress');
    await pass(7);
    expect(await statusOf(id)).toBe('pending');
  });

  it('never shortens a lease', async () => {
    await start();
    const { id, lease } = await world.api.held();
    await stall(10);
    expect((await world.api.get(id)).lease_expires_at).toBe(lease.expires_at);
  });

  it('is given while the database was locked, for as long as that took', async () => {
    await start();
    const { id } = await world.api.held('mac', { lease_seconds: 60 });
    locked = true;
    await pass(120);
    expect(await statusOf(id)).toBe('in_progress');
    locked = false;
    await pass(29);
    expect(await statusOf(id)).toBe('in_progress');
    await pass(7);
    expect(await statusOf(id)).toBe('pending');
  });
});

describe('a jump of the clock', () => {
  it.each([
    ['forwards', 3_600_000],
    ['backwards', -3_600_000],
  ])('%s moves every live lease along', async (_where, ms) => {
    await start();
    const { id } = await world.api.held('mac', { lease_seconds: 600 });
    world.clock.jump(ms);
    await pass(590);
    expect(await statusOf(id)).toBe('in_progress');
    await pass(15);
    expect(await statusOf(id)).toBe('pending');
  });

  it.each([
    ['forwards', 3_600_000],
    ['backwards', -3_600_000],
  ])('%s is not forgotten when the database is locked at that moment', async (_where, ms) => {
    await start();
    const { id } = await world.api.held('mac', { lease_seconds: 600 });
    locked = true;
    world.clock.jump(ms);
    await pass(3);
    // A write that waits for the lock holds the tick up, too.
    await stall(5);
    await pass(2);
    locked = false;
    await pass(570);
    expect(await statusOf(id)).toBe('in_progress');
    await pass(40);
    expect(await statusOf(id)).toBe('pending');
  });

  it('of up to two seconds is no jump', async () => {
    await start();
    await world.api.held();
    await pass(2);
    calls = [];
    world.clock.jump(1900);
    await pass(3);
    world.clock.jump(-1900);
    await pass(3);
    expect(calls).not.toContain('shiftLeases');
  });
});

describe('work', () => {
  it('asks the database nothing while nothing is due', async () => {
    await start();
    await world.api.held('mac', { lease_seconds: 3600 });
    const delayed = await world.api.held();
    await world.send('POST', `/api/tasks/${delayed.id}/release`, { body: { retry_in_seconds: 3600 } });
    await pass(3);
    calls = [];
    await pass(1000);
    expect(calls).toEqual([]);
  });

  it('is not made by tasks that only come and are completed', async () => {
    await start();
    await pass(2);
    calls = [];
    for (let n = 0; n < 10; n += 1) await world.api.add();
    await pass(10);
    expect(calls).toEqual([]);
  });

  it('goes on after a bug, which is logged', async () => {
    let broken = true;
    const nextTimes = () => (broken ? Promise.reject(new Error('a bug')) : world.store.nextTimes());
    await start({ ...world.store, nextTimes });
    const { id } = await world.api.held('mac', { lease_seconds: 10 });
    await pass(3);
    broken = false;
    await pass(12);
    expect(await statusOf(id)).toBe('pending');
    expect(world.logger.lines.some(({ level }) => level === 'error')).toBe(true);
  });

  it('ends with the stop', async () => {
    await start();
    await world.api.held('mac', { lease_seconds: 10 });
    await sweeper.stop();
    calls = [];
    await pass(30);
    expect(calls).toEqual([]);
  });
});
