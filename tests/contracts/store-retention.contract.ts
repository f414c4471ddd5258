/** Retiring: which tasks may go, what goes with them, and what stays as if they had never gone. */
import { describe, expect, it } from 'vitest';
import type { Retirable, TaskTrail } from '../../src/core/retention.ts';
import { TASK_STATUSES, type TaskStatus } from '../../src/core/vocabulary.ts';
import { claimed, submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const DAY_MS = 24 * 60 * 60_000;

async function ended(world: StoreWorld, status: TaskStatus = 'completed'): Promise<number> {
  const { id } = await claimed(world);
  await world.run(world.tasks.setStatus(id, {}, { status, notes: `ended as ${status}` }));
  world.clock.advance(1000);
  return id;
}

const find = (world: StoreWorld, which: Partial<Retirable> = {}) =>
  world.store.retirable({ endedBefore: world.clock.now(), deliveredUpTo: null, limit: 100, ...which });

const idsOf = (trails: readonly TaskTrail[]) => trails.map(({ task }) => task.id);

async function retireAll(world: StoreWorld): Promise<number[]> {
  const trails = await find(world);
  expect(await world.store.retire(trails)).toMatchObject({ done: true });
  return idsOf(trails);
}

export function storeRetentionContract(open: OpenStoreWorld): void {
  describe('retirement', () => {
    it('finds what has ended before a moment, oldest end first, and nothing that is open', async () => {
      const world = await open();
      const ids = new Map<TaskStatus, number>();
      for (const status of TASK_STATUSES)
        ids.set(status, status === 'in_progress' ? (await claimed(world)).id : await ended(world, status));
      const [completed, failed, cancelled] = ['completed', 'failed', 'cancelled'].map((status) =>
        ids.get(status as TaskStatus),
      );
      expect(idsOf(await find(world))).toEqual([completed, failed, cancelled]);
      expect(idsOf(await find(world, { limit: 2 }))).toEqual([completed, failed]);
      const { completedAt } = await taskOf(world, failed!);
      expect(idsOf(await find(world, { endedBefore: completedAt! }))).toEqual([completed]);
    });

    it('gives each task with its whole trail, oldest first', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world, 'nas');
      await world.run(world.tasks.release(id, { leaseId }, { retryInMs: 0 }));
      world.clock.advance(1000);
      await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
      await world.run(world.tasks.complete(id, { instanceId: 'mac' }));
      const [trail] = await find(world, { endedBefore: new Date(world.clock.now().getTime() + 1) });
      expect(trail?.task).toEqual(await taskOf(world, id));
      expect(trail?.events).toEqual(await world.store.events(id));
      expect(trail?.leases).toMatchObject([
        { instanceId: 'nas', outcome: 'released' },
        { instanceId: 'mac', outcome: 'completed' },
      ]);
    });

    it('deletes a task with everything that belongs to it, and nothing else', async () => {
      const world = await open();
      const memory = world.store.memory('discord');
      const [kept, gone] = [await submit(world), await ended(world)];
      for (const taskId of [kept.id, gone])
        await memory.save({ links: [{ taskId, kind: 'card', channelId: 'c', messageId: `m-${taskId}` }] });
      expect(await retireAll(world)).toEqual([gone]);
      expect(await world.store.task(gone)).toBeNull();
      expect(await world.store.events(gone)).toEqual([]);
      expect(await memory.link(gone, 'card')).toBeNull();
      expect(await taskOf(world, kept.id)).toEqual(kept);
      expect(await world.store.events(kept.id)).toHaveLength(1);
      expect(await memory.link(kept.id, 'card')).not.toBeNull();
      expect((await world.store.counts()).counts).toMatchObject({ pending: 1, completed: 0 });
      expect(await find(world)).toEqual([]);
    });

    it('never gives an id again, neither of a task nor of an event', async () => {
      const world = await open();
      await ended(world);
      const last = await ended(world);
      const position = await world.store.newestPosition();
      await retireAll(world);
      expect((await submit(world)).id).toBe(last + 1);
      expect((await world.store.eventsAfter(position, 10)).map(({ action }) => action)).toEqual(['created']);
    });

    it('leaves positions where they are, also when the newest event of all is gone', async () => {
      const world = await open();
      await ended(world);
      const position = await world.store.newestPosition();
      await retireAll(world);
      expect(await world.store.newestPosition()).toBe(position);
      expect(await world.store.clampPosition(position)).toBe(position);
      expect(await world.store.clampPosition(String(Number(position) + 1))).toBe(position);
      expect(await world.store.eventsBehind(position, 10)).toMatchObject({ count: 0 });
    });

    it('lets a task stay until everything about it has been told', async () => {
      const world = await open();
      const told = await ended(world);
      const deliveredUpTo = await world.store.newestPosition();
      const untold = await ended(world);
      expect(idsOf(await find(world, { deliveredUpTo }))).toEqual([told]);
      await world.run(world.tasks.setStatus(told, {}, { notes: 'and one thing more' }));
      expect(await find(world, { deliveredUpTo })).toEqual([]);
      expect(idsOf(await find(world, { deliveredUpTo: await world.store.newestPosition() }))).toEqual([
        told,
        untold,
      ]);
    });

    it.each<[string, (world: StoreWorld, id: number) => Promise<unknown>]>([
      ['put back into the queue', (world, id) => world.run(world.tasks.requeue(id, {}))],
      ['given other notes', (world, id) => world.run(world.tasks.setStatus(id, {}, { notes: 'late' }))],
    ])('deletes none of them when one was %s meanwhile', async (_what, change) => {
      const world = await open();
      const ids = [await ended(world, 'failed'), await ended(world, 'failed')];
      const trails = await find(world);
      await change(world, ids[1]!);
      expect(await world.store.retire(trails)).toMatchObject({ done: false });
      for (const id of ids) expect(await world.store.events(id)).not.toEqual([]);
    });

    it('leaves first answers as they were: a repeat is still a repeat', async () => {
      const world = await open();
      const { id } = await claimed(world);
      const once = {
        key: 'k-1',
        fingerprint: 'complete',
        render: () => ({ status: 200, body: 'the first answer', leaseId: null }),
      };
      const work = world.tasks.complete(id, { instanceId: 'mac' });
      await world.store.decideOnce(work, once);
      world.clock.advance(DAY_MS - 1000);
      await retireAll(world);
      expect(await world.store.decideOnce(work, once)).toMatchObject({ body: 'the first answer' });
    });
  });
}
