/** Why a worker gives a task back, and what becomes of it. */
import { describe, expect, it } from 'vitest';
import { claimantOf } from '../../src/core/lanes.ts';
import type { ReleaseCause } from '../../src/core/release-cause.ts';
import { begin, loseAll, report, running, told, type Running } from './run-world.ts';
import { refusal, submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const giveBack = (world: StoreWorld, one: Running, cause: ReleaseCause, reason?: string) =>
  world.run(
    world.tasks.release(
      one.id,
      { leaseId: one.leaseId },
      { retryInMs: 60_000, cause, reason, report: report({ outcome: 'parked' }) },
    ),
  );

export function storeReleasesContract(open: OpenStoreWorld): void {
  describe('a task that a worker gives back', () => {
    it('waits for its quota until it is said to return, without using up an attempt', async () => {
      const world = await open();
      const one = await running(world);
      const until = new Date(world.clock.now().getTime() + 3_600_000);
      const task = await giveBack(world, one, { kind: 'parked', waitsFor: 'quota', until }, 'Weekly limit');
      expect(task).toMatchObject({
        status: 'pending',
        attempt: 0,
        parked: { kind: 'quota', until, detail: 'Weekly limit' },
        result: { outcome: 'parked' },
      });
      expect(await taskOf(world, one.id)).toEqual(task);
      expect((await world.store.events(one.id)).at(-1)).toMatchObject({
        action: 'released',
        details: { parked: 'quota' },
      });
      expect((await told(world, one.id)).at(-1)?.text).toMatch(
        /^Run 1 is parked: it waits for quota until .*Weekly limit$/,
      );
    });

    it('waits for both where it also has a delay, whichever is over first', async () => {
      const world = await open();
      const offered = () => world.store.nextReady(claimantOf({ instanceId: 'mac' }));
      for (const [parkedMs, first] of [
        [3_600_000, () => world.sweeps.promoteDueTasks()],
        [30_000, () => world.sweeps.unparkDueTasks()],
      ] as const) {
        const one = await running(world);
        const until = new Date(world.clock.now().getTime() + parkedMs);
        await giveBack(world, one, { kind: 'parked', waitsFor: 'quota', until });
        world.clock.advance(Math.min(60_000, parkedMs));
        expect(await world.run(first())).toBe(1);
        expect(await offered()).toBeNull();
        world.clock.advance(3_600_000);
        await world.run(world.sweeps.promoteDueTasks());
        await world.run(world.sweeps.unparkDueTasks());
        expect((await offered())?.id).toBe(one.id);
        await world.run(world.tasks.cancel(one.id, {}));
      }
    });

    it('is tried again after an overload, and has failed an attempt after five in a row', async () => {
      const world = await open();
      const one = await running(world);
      let current = one;
      for (let time = 1; time <= 5; time += 1) {
        const task = await giveBack(world, current, { kind: 'overload' });
        expect([time, task.attempt, task.notBefore !== null]).toEqual([time, time < 5 ? 0 : 1, true]);
        current = await begin(world, one.id, `w-${time}`);
      }
      expect((await taskOf(world, one.id)).error).toContain('5 times in a row');
      expect((await giveBack(world, current, { kind: 'overload' })).attempt).toBe(1);
    });

    it('counts overloads anew after any other end', async () => {
      const world = await open();
      const one = await running(world);
      let current = one;
      for (const cause of ['overload', 'overload', 'overload', 'overload', 'stopping', 'overload'] as const) {
        expect((await giveBack(world, current, { kind: cause })).attempt).toBe(0);
        current = await begin(world, one.id);
      }
    });

    it('says which machine has what fault, and fails when three have the same', async () => {
      const world = await open();
      const one = await running(world);
      const first = await giveBack(world, one, { kind: 'fault', fault: 'push' }, 'protected branch');
      expect(first).toMatchObject({ status: 'pending', attempt: 0 });
      expect((await world.store.events(one.id)).at(-1)?.details.reason).toMatch(
        /w-1 has a fault \(push\).*protected branch/,
      );
      // On the card, too.
      expect((await taskOf(world, one.id)).error).toMatch(/w-1 has a fault \(push\).*protected branch/);
      expect((await world.store.runOfLease(one.leaseId)).run?.fault).toBe('push');
      for (const [worker, fault, status] of [
        ['w-1', 'push', 'pending'],
        ['w-2', 'disk', 'pending'],
        ['w-2', 'push', 'pending'],
        ['w-3', 'push', 'failed'],
      ] as const) {
        expect(
          await giveBack(world, await begin(world, one.id, worker), { kind: 'fault', fault }),
        ).toMatchObject({ status });
      }
      expect((await taskOf(world, one.id)).error).toContain('3 workers');
    });

    it('does not come back within ten minutes to the worker whose fault it was', async () => {
      const world = await open();
      const next = async (instanceId: string, session?: string) =>
        (await world.run(world.tasks.claimNext({ instanceId, session }))).claimed?.task.id ?? null;
      const first = await running(world);
      await giveBack(world, first, { kind: 'fault', fault: 'push' });
      const second = (await submit(world, { priority: 'low' })).id;
      const third = (await submit(world, { target: 'w-1', priority: 'low' })).id;
      world.clock.advance(60_000);
      await world.run(world.sweeps.promoteDueTasks());
      expect([await next('w-1', 's'), await next('w-1', 's')]).toEqual([second, third]);
      world.clock.advance(9 * 60_000 - 1);
      expect(await world.run(world.tasks.claimNext({ instanceId: 'w-1', session: 's' }))).toMatchObject({
        claimed: null,
        isBarred: true,
      });
      world.clock.advance(1);
      expect(await next('w-1', 's')).toBe(first.id);
    });

    it('says meanwhile that it waits for another, where there is none', async () => {
      const world = await open();
      const facts = { projects: ['notes'], capabilities: [], concurrency: 2, problem: null };
      const said = { session: 's', account: null, replaces: null, leaves: false, ...facts };
      const worker = { instanceId: 'w-1', worker: said };
      await world.run(world.instances.heartbeat(worker));
      const one = await running(world, { project: 'notes' });
      await giveBack(world, one, { kind: 'fault', fault: 'push' });
      world.clock.advance(60_000);
      await world.run(world.sweeps.promoteDueTasks());
      await world.run(world.instances.heartbeat(worker));
      const task = await taskOf(world, one.id);
      const waits = () => world.store.look((around) => world.tasks.waits(around)(task));
      expect(await waits()).toMatchObject({
        kind: 'no_worker',
        until: new Date(world.clock.now().getTime() + 9 * 60_000),
      });
      world.clock.advance(9 * 60_000);
      await world.run(world.instances.heartbeat(worker));
      expect(await waits()).toBeNull();
    });

    it('goes to another worker, or to a person on the same machine, at once', async () => {
      for (const [instanceId, session] of [
        ['w-2', 's'],
        ['w-1', undefined],
      ] as const) {
        const world = await open();
        const one = await running(world);
        await giveBack(world, one, { kind: 'fault', fault: 'push' });
        world.clock.advance(60_000);
        await world.run(world.sweeps.promoteDueTasks());
        const told = await world.run(world.tasks.claimNext({ instanceId, session }));
        expect(told.claimed?.task.id).toBe(one.id);
      }
    });

    it('comes back to the worker that was only stopped or overloaded', async () => {
      const world = await open();
      for (const kind of ['stopping', 'overload'] as const) {
        const one = await running(world);
        await giveBack(world, one, { kind });
        world.clock.advance(60_000);
        await world.run(world.sweeps.promoteDueTasks());
        const told = await world.run(world.tasks.claimNext({ instanceId: 'w-1', session: 's' }));
        expect(told.claimed?.task.id).toBe(one.id);
      }
    });

    it('begins to count workers with a fault anew when somebody queues it again', async () => {
      const world = await open();
      const one = await running(world);
      await giveBack(world, one, { kind: 'fault', fault: 'push' });
      for (const worker of ['w-2', 'w-3'])
        await giveBack(world, await begin(world, one.id, worker), { kind: 'fault', fault: 'push' });
      expect((await taskOf(world, one.id)).status).toBe('failed');
      world.clock.advance(1000);
      await world.run(world.tasks.requeue(one.id, {}));
      expect(
        await giveBack(world, await begin(world, one.id, 'w-4'), { kind: 'fault', fault: 'push' }),
      ).toMatchObject({ status: 'pending' });
    });

    it('is given back once, however often that is said', async () => {
      const world = await open();
      const one = await running(world);
      await giveBack(world, one, { kind: 'overload' });
      expect((await giveBack(world, one, { kind: 'overload' })).attempt).toBe(0);
      expect((await world.store.taskWork(one.id))?.overloads).toBe(1);
      await loseAll(world);
      await begin(world, one.id);
      await expect(giveBack(world, { ...one, leaseId: 'other' }, { kind: 'stopping' })).rejects.toThrow(
        refusal('lease_lost'),
      );
    });
  });
}
