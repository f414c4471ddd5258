/** Claim order, leases, heartbeats, what time brings about, and who counts as alive. */
import { describe, expect, it } from 'vitest';
import type { Claimed } from '../../src/core/claim-use-cases.ts';
import { claimantOf } from '../../src/core/lanes.ts';
import {
  actionsOf,
  claimed,
  refusal,
  submit,
  taskOf,
  type OpenStoreWorld,
  type StoreWorld,
} from './store-world.ts';

const MINUTE = 60_000;

async function claimNext(world: StoreWorld, instanceId = 'mac'): Promise<Claimed | null> {
  return (await world.run(world.tasks.claimNext({ instanceId }))).claimed;
}

async function claimAll(world: StoreWorld, instanceId = 'mac'): Promise<number[]> {
  const ids: number[] = [];
  for (let one; (one = await claimNext(world, instanceId));) ids.push(one.task.id);
  return ids;
}

export function storeClaimsContract(open: OpenStoreWorld): void {
  describe('claim-next', () => {
    it('hands out by priority, then by age, and then nothing', async () => {
      const world = await open();
      for (const priority of ['low', 'medium', 'high', 'medium', 'high'] as const)
        await submit(world, { priority });
      expect((await world.store.nextReady(claimantOf({ instanceId: 'mac' })))?.id).toBe(3);
      expect(await claimAll(world)).toEqual([3, 5, 2, 4, 1]);
      expect(await world.run(world.tasks.claimNext({ instanceId: 'mac' }))).toEqual({
        claimed: null,
        paused: false,
        heldUntil: null,
        isBarred: false,
        isMore: false,
      });
    });

    it('follows a changed priority', async () => {
      const world = await open();
      for (let n = 0; n < 3; n += 1) await submit(world);
      await world.run(world.tasks.changePriority(3, {}, 'high'));
      await world.run(world.tasks.changePriority(1, {}, 'low'));
      expect(await claimAll(world)).toEqual([3, 2, 1]);
    });

    it('offers a task with a target to that instance alone, in its place among all others', async () => {
      const world = await open();
      await submit(world);
      await submit(world, { target: 'nas' });
      await submit(world, { priority: 'low', target: 'nas' });
      await submit(world, { target: 'other' });
      await submit(world);
      expect((await world.store.nextReady(claimantOf({})))?.id).toBe(1);
      expect(await claimAll(world, 'nas')).toEqual([1, 2, 5, 3]);
      expect(await claimAll(world, 'mac')).toEqual([]);
      expect(await claimAll(world, 'other')).toEqual([4]);
    });

    it('gives a task its old place back whatever happened to it', async () => {
      const world = await open();
      for (let n = 0; n < 3; n += 1) await submit(world);
      const first = await claimNext(world);
      await world.run(world.tasks.fail(first!.task.id, {}, { error: 'x', retry: true, retryInMs: 0 }));
      expect((await claimNext(world))?.task.id).toBe(1);
      await world.run(world.tasks.cancel(1, {}));
      await world.run(world.tasks.requeue(1, {}));
      expect((await claimNext(world))?.task.id).toBe(1);
      await world.run(world.tasks.release(1, {}, { retryInMs: 0 }));
      expect(await claimAll(world)).toEqual([1, 2, 3]);
    });

    it('waits for a delay to pass, to the millisecond', async () => {
      const world = await open();
      const { id } = await claimed(world);
      await world.run(world.tasks.fail(id, {}, { error: 'x', retry: true, retryInMs: 30_000 }));
      const due = new Date(world.clock.now().getTime() + 30_000);
      expect((await taskOf(world, id)).notBefore).toEqual(due);
      expect((await world.store.nextTimes()).due).toEqual(due);
      world.clock.advance(29_999);
      expect(await world.run(world.sweeps.promoteDueTasks())).toBe(0);
      expect(await claimNext(world)).toBeNull();
      world.clock.advance(1);
      expect(await world.run(world.sweeps.promoteDueTasks())).toBe(1);
      expect((await taskOf(world, id)).notBefore).toBeNull();
      expect((await world.store.nextTimes()).due).toBeNull();
      expect((await claimNext(world))?.task.id).toBe(id);
      expect(await actionsOf(world, id)).toEqual(['created', 'claimed', 'retried', 'claimed']);
    });

    it('hands out nothing while paused, while claims by id and running tasks go on', async () => {
      const world = await open();
      const running = await claimed(world);
      await submit(world);
      expect(await world.run(world.tasks.pause('moving house'))).toEqual({
        paused: true,
        reason: 'moving house',
      });
      expect(await world.run(world.tasks.claimNext({ instanceId: 'mac' }))).toEqual({
        claimed: null,
        paused: true,
        heldUntil: null,
        isBarred: false,
        isMore: false,
      });
      expect((await world.store.counts()).queue).toEqual({ paused: true, reason: 'moving house' });
      await world.run(world.tasks.claim(2, { instanceId: 'mac' }));
      await world.run(world.tasks.complete(running.id, { leaseId: running.leaseId }));
      await submit(world);
      await world.run(world.tasks.resume());
      expect((await claimNext(world))?.task.id).toBe(3);
    });

    it('takes nothing for a claimant that has left', async () => {
      const world = await open();
      await submit(world);
      const gone = await world.run(world.tasks.claimNext({ instanceId: 'mac' }, () => true));
      expect(gone).toEqual({ claimed: null, paused: false, heldUntil: null, isBarred: false, isMore: false });
      expect((await taskOf(world, 1)).status).toBe('pending');
    });
  });

  describe('a claim by id', () => {
    it('is free: neither target, delay, pause nor order stand in its way', async () => {
      const world = await open();
      await submit(world, { priority: 'high' });
      await submit(world, { target: 'nas', priority: 'low' });
      await world.run(world.tasks.claim(2, { instanceId: 'nas' }));
      await world.run(world.tasks.release(2, {}, { retryInMs: MINUTE }));
      await world.run(world.tasks.pause());
      const { task } = await world.run(world.tasks.claim(2, { instanceId: 'mac' }));
      expect(task).toMatchObject({ status: 'in_progress', instanceId: 'mac', notBefore: null });
      expect((await world.store.nextTimes()).due).toBeNull();
    });

    it('is won by exactly one of many at once, and the others learn by whom', async () => {
      const world = await open();
      const { id } = await submit(world);
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => world.run(world.tasks.claim(id, { instanceId: `m-${n}` }))),
      );
      expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
      expect(tries[19]).toMatchObject({
        reason: { code: 'task_not_claimable', message: expect.stringContaining('m-0') as string },
      });
      await expect(world.run(world.tasks.claim(id, { instanceId: 'm-0' }))).rejects.toThrow(/claimed by m-0/);
      await expect(world.run(world.tasks.claim(99, { instanceId: 'm-0' }))).rejects.toThrow(
        refusal('task_not_found'),
      );
    });

    it('names the instance as it says, as it said before, or by its id', async () => {
      const world = await open();
      const nameAfter = async (by: { instanceId: string; instanceName?: string }) => {
        const { id } = await submit(world);
        return (await world.run(world.tasks.claim(id, by))).task.instanceName;
      };
      expect(await nameAfter({ instanceId: 'mac' })).toBe('mac');
      expect(await nameAfter({ instanceId: 'mac', instanceName: 'MacBook-Claude' })).toBe('MacBook-Claude');
      expect(await nameAfter({ instanceId: 'mac' })).toBe('MacBook-Claude');
      expect(await world.store.instances()).toMatchObject([{ id: 'mac', name: 'MacBook-Claude' }]);
    });

    it.each([
      [undefined, 120 * MINUTE],
      [1, 10_000],
      [16_100.000000000002, 16_100],
      [45_000, 45_000],
      [1e12, 120 * MINUTE],
    ])('that asks for %s ms gets %i', async (leaseMs, length) => {
      const world = await open();
      const { id } = await submit(world);
      const made = await world.run(world.tasks.claim(id, { instanceId: 'mac', leaseMs }));
      expect(made.expiresAt.getTime() - world.clock.now().getTime()).toBe(length);
      expect((await taskOf(world, id)).lease).toEqual({
        leaseId: made.leaseId,
        lengthMs: length,
        expiresAt: made.expiresAt,
      });
    });
  });

  describe('a heartbeat', () => {
    const beat = (world: StoreWorld, leaseIds?: string[]) =>
      world.run(world.instances.heartbeat({ instanceId: 'mac', leaseIds }));

    it('renews all that the instance holds, each by the length its claim was given', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world);
      const short = await submit(world);
      const second = await world.run(world.tasks.claim(short.id, { instanceId: 'mac', leaseMs: 20_000 }));
      await claimed(world, 'nas');
      world.clock.advance(15_000);
      const now = world.clock.now().getTime();
      const heard = await beat(world);
      expect(heard.leases).toEqual([
        { taskId: id, leaseId, expiresAt: new Date(now + 120 * MINUTE) },
        { taskId: short.id, leaseId: second.leaseId, expiresAt: new Date(now + 20_000) },
      ]);
      expect(heard).toMatchObject({ lost: [], unclaimed: [], cancelledTaskIds: [], heartbeatSeconds: 6.6 });
      expect((await taskOf(world, short.id)).lease?.expiresAt).toEqual(new Date(now + 20_000));
      expect(heard.instance).toMatchObject({ id: 'mac', holdsLease: true, currentTaskId: id });
    });

    it('never shortens a lease, not even when the clock was set back', async () => {
      const world = await open();
      const { task } = await claimed(world);
      world.clock.jump(-MINUTE);
      const heard = await beat(world);
      expect(heard.leases[0]?.expiresAt).toEqual(task.lease?.expiresAt);
    });

    it('with lease ids renews those alone and lists the others as unclaimed', async () => {
      const world = await open();
      const one = await claimed(world);
      const two = await claimed(world);
      world.clock.advance(MINUTE);
      const heard = await beat(world, [two.leaseId]);
      expect(heard.leases.map((lease) => lease.taskId)).toEqual([two.id]);
      expect(heard.unclaimed).toEqual([
        { taskId: one.id, leaseId: one.leaseId, expiresAt: one.task.lease?.expiresAt },
      ]);
      expect((await taskOf(world, one.id)).lease?.expiresAt).toEqual(one.task.lease?.expiresAt);
      const none = await beat(world, []);
      expect(none.leases).toEqual([]);
      expect(none.unclaimed).toHaveLength(2);
    });

    it('names what was lost and why, and nothing about the leases of others', async () => {
      const world = await open();
      const lost = [];
      for (const end of [
        (id: number) => world.run(world.tasks.complete(id, {})),
        (id: number) => world.run(world.tasks.fail(id, {}, { error: 'x', retry: false, retryInMs: 0 })),
        (id: number) => world.run(world.tasks.fail(id, {}, { error: 'x', retry: true, retryInMs: 0 })),
        (id: number) => world.run(world.tasks.release(id, {}, { retryInMs: 0 })),
        (id: number) => world.run(world.tasks.cancel(id, {})),
      ]) {
        const made = await claimed(world);
        await end(made.id);
        lost.push(made);
      }
      const expired = await submit(world);
      const short = await world.run(world.tasks.claim(expired.id, { instanceId: 'mac', leaseMs: 10_000 }));
      const foreign = await claimed(world, 'nas');
      world.clock.advance(10_000);
      await world.run(world.sweeps.expireLeases());
      const asked = [...lost.map((one) => one.leaseId), short.leaseId, foreign.leaseId, 'lease-none'];
      const heard = await beat(world, [...asked, ...asked]);
      const reasons = ['completed', 'failed', 'retried', 'released', 'cancelled'];
      expect(heard.lost).toEqual([
        ...lost.map((one, n) => ({ leaseId: one.leaseId, taskId: one.id, reason: reasons[n] })),
        { leaseId: short.leaseId, taskId: expired.id, reason: 'expired' },
        { leaseId: foreign.leaseId, taskId: null, reason: 'unknown' },
        { leaseId: 'lease-none', taskId: null, reason: 'unknown' },
      ]);
      expect((await taskOf(world, foreign.id)).lease?.leaseId).toBe(foreign.leaseId);
    });

    it('names a task that was cancelled under its holder for ten minutes and more', async () => {
      const world = await open();
      const mine = await claimed(world);
      const theirs = await claimed(world, 'nas');
      for (const { id } of [mine, theirs]) await world.run(world.tasks.cancel(id, {}));
      world.clock.advance(10 * MINUTE);
      expect((await beat(world)).cancelledTaskIds).toEqual([mine.id]);
      world.clock.advance(50 * MINUTE);
      expect((await beat(world)).cancelledTaskIds).toEqual([]);
    });
  });

  describe('a lease that ran out', () => {
    it('ends by a sweep alone: what its holder sends before that counts', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world);
      world.clock.advance(500 * MINUTE);
      await world.run(world.tasks.complete(id, { leaseId }));
      expect(await world.run(world.sweeps.expireLeases())).toBe(0);
      expect((await taskOf(world, id)).status).toBe('completed');
    });

    it('gives the task back exactly at its expiry, or fails it after the last attempt', async () => {
      const world = await open({ leaseMs: MINUTE, maxAttempts: 2 });
      const { id } = await submit(world);
      for (const [status, action] of [
        ['pending', 'expired'],
        ['failed', 'failed'],
      ]) {
        await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
        expect((await world.store.nextTimes()).leaseExpiry).toEqual(
          (await taskOf(world, id)).lease?.expiresAt,
        );
        world.clock.advance(MINUTE - 1);
        expect(await world.run(world.sweeps.expireLeases())).toBe(0);
        world.clock.advance(1);
        expect(await world.run(world.sweeps.expireLeases())).toBe(1);
        expect(await taskOf(world, id)).toMatchObject({ status, lease: null });
        const told = (await world.store.events(id)).at(-1);
        expect(told).toMatchObject({ action, actor: 'system', details: { reason: 'lease_expired' } });
      }
      expect((await world.store.nextTimes()).leaseExpiry).toBeNull();
    });

    it('is not ended by a sweep that was decided on before it was renewed', async () => {
      const world = await open({ leaseMs: MINUTE });
      const { id } = await claimed(world);
      world.clock.advance(MINUTE);
      const sweep = world.sweeps.expireLeases();
      await world.run(world.instances.heartbeat({ instanceId: 'mac' }));
      expect(await world.run(sweep)).toBe(0);
      expect((await taskOf(world, id)).status).toBe('in_progress');
    });

    it('that began after the clock was set, and before that was noticed, ends in its own time', async () => {
      const world = await open();
      world.clock.jump(60 * MINUTE);
      const { id } = await submit(world);
      await world.run(world.tasks.claim(id, { instanceId: 'mac', leaseMs: 12_000 }));
      await world.store.shiftLeases(60 * MINUTE, 30_000);
      const now = world.clock.now().getTime();
      expect((await taskOf(world, id)).lease?.expiresAt).toEqual(new Date(now + 12_000));
    });

    it('is moved with the clock, and none ends before the grace is over', async () => {
      const world = await open();
      const long = await claimed(world);
      const { id } = await submit(world);
      await world.run(world.tasks.claim(id, { instanceId: 'mac', leaseMs: 12_000 }));
      world.clock.jump(3 * 60 * MINUTE);
      await world.store.shiftLeases(3 * 60 * MINUTE, 30_000);
      const now = world.clock.now().getTime();
      expect((await taskOf(world, long.id)).lease?.expiresAt).toEqual(new Date(now + 120 * MINUTE));
      world.clock.advance(20_000);
      await world.store.shiftLeases(0, 30_000);
      expect((await taskOf(world, id)).lease?.expiresAt).toEqual(new Date(now + 32_000));
      world.clock.advance(130 * MINUTE);
      await world.store.shiftLeases(0, 30_000);
      const later = world.clock.now().getTime();
      expect((await taskOf(world, long.id)).lease?.expiresAt).toEqual(new Date(later + 30_000));
      expect((await taskOf(world, id)).lease?.expiresAt).toEqual(new Date(later + 12_000));
      expect(await world.run(world.sweeps.expireLeases())).toBe(0);
    });
  });

  describe('instances', () => {
    it('go offline after two minutes of silence unless they hold a lease', async () => {
      const world = await open();
      await world.run(world.instances.heartbeat({ instanceId: 'nas', instanceName: 'NAS' }));
      const { id } = await claimed(world, 'mac');
      const statuses = async () =>
        (await world.store.instances()).map((one) => `${one.name} ${one.status}`).sort();
      expect(await statuses()).toEqual(['NAS idle', 'mac working']);
      world.clock.advance(120_000);
      expect(await statuses()).toEqual(['NAS idle', 'mac working']);
      expect((await world.store.counts()).instances).toEqual({ idle: 1, working: 1, offline: 0 });
      world.clock.advance(1);
      expect(await statuses()).toEqual(['NAS offline', 'mac working']);
      expect((await world.store.counts()).instances).toEqual({ idle: 0, working: 1, offline: 1 });
      expect((await world.store.instances()).find((one) => one.id === 'mac')?.currentTaskId).toBe(id);
    });

    it('are heard from by any call that names them, also a refused one', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world, 'mac');
      const lastSeen = async () => (await world.store.instances()).find((one) => one.id === 'nas')?.lastSeen;
      const calls = [
        () => world.run(world.instances.seen('nas')),
        () => world.run(world.tasks.claimNext({ instanceId: 'nas' })),
        () => world.run(world.tasks.claim(id, { instanceId: 'nas' })),
        () => world.run(world.tasks.claim(99, { instanceId: 'nas' })),
        () => world.run(world.tasks.complete(id, { instanceId: 'nas' })),
        () => world.run(world.tasks.setStatus(id, { instanceId: 'nas', leaseId }, { notes: 'x' })),
      ];
      for (const call of calls) {
        world.clock.advance(1000);
        await call().catch(() => null);
        expect(await lastSeen()).toEqual(world.clock.now());
      }
    });

    it('are not held to be alive by a clock that was wrong', async () => {
      const world = await open();
      world.clock.jump(24 * 60 * MINUTE);
      await world.run(world.instances.seen('mac'));
      world.clock.jump(-24 * 60 * MINUTE);
      await world.run(world.instances.seen('mac'));
      world.clock.advance(121_000);
      expect(await world.store.instances()).toMatchObject([{ id: 'mac', status: 'offline' }]);
    });

    it('keep their name when a later call does not tell it, and take a new one', async () => {
      const world = await open();
      for (const instanceName of ['Old', undefined, 'New', undefined]) {
        await world.run(world.instances.heartbeat({ instanceId: 'mac', instanceName }));
      }
      expect((await world.run(world.instances.heartbeat({ instanceId: 'mac' }))).instance.name).toBe('New');
    });
  });
}
