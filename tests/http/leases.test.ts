import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const seconds = (iso: string) => (Date.parse(iso) - world.clock.now().getTime()) / 1000;

describe('the length of a lease', () => {
  it.each([
    [undefined, 7200],
    [60, 60],
    [1, 10],
    [0.001, 10],
    [1e9, 7200],
    [1e308, 7200],
    [12.3456, 12.345],
  ])('for %s s asked for is %s s', async (asked, given) => {
    const more = asked === undefined ? {} : { lease_seconds: asked };
    const { lease, task } = await world.api.held('mac', more);
    expect(Math.abs(seconds(lease.expires_at) - given)).toBeLessThanOrEqual(0.001);
    expect(task.lease_expires_at).toBe(lease.expires_at);
    expect(lease.heartbeat_seconds).toBeLessThanOrEqual(given / 3);
  });

  it.each([
    [60_000 * 0.05, 3],
    [60_000 * 0.1234567, 7.407],
  ])('is LEASE_MINUTES where that is shorter than ten seconds', async (leaseMs, given) => {
    const short = await createHttpWorld({ policy: { leaseMs: Math.round(leaseMs) } });
    for (const lease_seconds of [null, 1, 100]) {
      const { lease } = await short.api.held('mac', { lease_seconds });
      expect(seconds(lease.expires_at)).toBeCloseTo(given, 2);
    }
    await short.store.close();
  });

  it('a fraction of a millisecond survives a heartbeat and an end', async () => {
    const { id, lease } = await world.api.held('mac', { lease_seconds: 33.33333 });
    expect((await world.api.beat()).leases).toHaveLength(1);
    const body = { lease_id: lease.lease_id };
    expect((await world.send('POST', `/api/tasks/${id}/complete`, { body })).status).toBe(200);
  });

  it('a lease does not end by the clock alone: what its holder sends before a write ended it counts', async () => {
    const { id, lease } = await world.api.held();
    world.clock.advance(10 * 60 * 60_000);
    const body = { lease_id: lease.lease_id };
    expect((await world.send('POST', `/api/tasks/${id}/complete`, { body })).status).toBe(200);
  });
});

describe('a heartbeat', () => {
  it('renews by the length that the claim was given, and never shortens', async () => {
    await world.api.held('mac', { lease_seconds: 100 });
    world.clock.advance(40_000);
    const [renewed] = (await world.api.beat()).leases;
    expect(seconds(renewed?.expires_at ?? '')).toBe(100);
    world.clock.jump(-50_000);
    expect((await world.api.beat()).leases).toEqual([renewed]);
  });

  it('without lease ids renews all that the instance holds, and nothing of others', async () => {
    const mine = [await world.api.held(), await world.api.held()];
    const other = await world.api.held('linux');
    world.clock.advance(1000);
    const { leases, lost, unclaimed } = await world.api.beat();
    expect(leases.map(({ task_id }) => task_id)).toEqual(mine.map(({ id }) => id));
    expect([lost, unclaimed]).toEqual([[], []]);
    expect((await world.api.get(other.id)).lease_expires_at).toBe(other.lease.expires_at);
  });

  it('with lease ids renews those, and lists the others as unclaimed, left to expire', async () => {
    const [one, two] = [await world.api.held(), await world.api.held()];
    world.clock.advance(1000);
    const beat = await world.api.beat('mac', { lease_ids: [one.lease.lease_id] });
    expect(beat.leases.map(({ task_id }) => task_id)).toEqual([one.id]);
    expect(beat.unclaimed).toEqual([
      { task_id: two.id, lease_id: two.lease.lease_id, expires_at: two.lease.expires_at },
    ]);
    expect((await world.api.get(two.id)).lease_expires_at).toBe(two.lease.expires_at);
    const none = await world.api.beat('mac', { lease_ids: [] });
    expect([none.leases.length, none.unclaimed.length]).toEqual([0, 2]);
  });

  it('says which of the named leases ended and why', async () => {
    const ways: Record<string, string> = { complete: 'completed', release: 'released', cancel: 'cancelled' };
    const held = [];
    for (const [call, outcome] of Object.entries(ways)) {
      const { id, lease } = await world.api.held();
      await world.send('POST', `/api/tasks/${id}/${call}`);
      held.push({ lease_id: lease.lease_id, task_id: id, reason: outcome });
    }
    const other = await world.api.held('linux');
    const ids = [...held.map(({ lease_id }) => lease_id), 'never-was', other.lease.lease_id];
    const { lost, leases } = await world.api.beat('mac', { lease_ids: [...ids, ...ids] });
    expect(leases).toEqual([]);
    expect(lost).toEqual([
      ...held,
      { lease_id: 'never-was', task_id: null, reason: 'unknown' },
      { lease_id: other.lease.lease_id, task_id: null, reason: 'unknown' },
    ]);
  });

  it('names a task that was cancelled under its holder for at least ten minutes', async () => {
    const { id } = await world.api.held();
    await world.api.held('linux');
    await world.send('POST', `/api/tasks/${id}/cancel`, { body: {} });
    world.clock.advance(10 * 60_000);
    expect((await world.api.beat()).cancelled_task_ids).toEqual([id]);
    expect((await world.api.beat('linux')).cancelled_task_ids).toEqual([]);
    world.clock.advance(24 * 60 * 60_000);
    expect((await world.api.beat()).cancelled_task_ids).toEqual([]);
  });

  it('does not call a task cancelled that its instance holds again', async () => {
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/cancel`, { body: {} });
    await world.send('POST', `/api/tasks/${id}/requeue`, { body: {} });
    await world.send('POST', `/api/tasks/${id}/claim`, { body: { instance_id: 'mac' } });
    expect((await world.api.beat('mac')).cancelled_task_ids).toEqual([]);
  });

  it.each([
    [0, 10],
    [-5, 10],
    [9, 10],
    [99_999_999, 7200],
  ])('a lease of %d s is clamped to %d s', async (wanted, given) => {
    await world.api.add();
    const body = { instance_id: 'mac', lease_seconds: wanted };
    const reply = await world.send('POST', '/api/tasks/claim', { body });
    const { lease } = reply.json as { lease: { expires_at: string } };
    expect(Date.parse(lease.expires_at) - world.clock.now().getTime()).toBe(given * 1000);
  });

  it('keeps the name it was given until another is sent; without one the id is the name', async () => {
    expect((await world.api.beat('mac')).instance.name).toBe('mac');
    expect((await world.api.beat('mac', { instance_name: 'MacBook' })).instance.name).toBe('MacBook');
    expect((await world.api.beat('mac')).instance.name).toBe('MacBook');
    expect((await world.api.held('mac')).task.instance_name).toBe('MacBook');
    expect((await world.api.held('linux')).task.instance_name).toBe('linux');
  });
});

describe('a sign of life', () => {
  const seenAt = async (id: string) =>
    (await world.api.instances()).instances.find((one) => one.id === id)?.last_seen;

  it.each([
    ['/status', 'PUT', { notes: 'x' }],
    ['/complete', 'POST', {}],
    ['/fail', 'POST', { error: 'x' }],
    ['/release', 'POST', {}],
  ])('is every call with an instance id (%s)', async (end, method, rest) => {
    const { id } = await world.api.held();
    world.clock.advance(60_000);
    const body = { ...rest, instance_id: 'mac' };
    expect((await world.send(method, `/api/tasks/${id}${end}`, { body })).status).toBe(200);
    expect(await seenAt('mac')).toBe('2026-01-15T12:01:00.000Z');
  });

  it('is a claim that finds nothing', async () => {
    await world.api.claimNext();
    expect(await seenAt('mac')).toBe('2026-01-15T12:00:00.000Z');
  });

  it.each([
    ['a lost lease', { end: '/complete', status: 409 }],
    ['a task that is not there', { end: '9/complete', status: 404 }],
    ['a task that is taken', { end: '/claim', status: 409 }],
  ])('is a call that is refused for %s, too', async (_why, { end, status }) => {
    const { id } = await world.api.held('mac');
    const body = { instance_id: 'linux' };
    expect((await world.send('POST', `/api/tasks/${id}${end}`, { body })).status).toBe(status);
    expect(await seenAt('linux')).toBe('2026-01-15T12:00:00.000Z');
  });
});
