/** Who gets what: target, project and capabilities are part of the claim itself. */
import { describe, expect, it } from 'vitest';
import { claimantOf, laneOf, MOST_LANES } from '../../src/core/lanes.ts';
import type { ClaimRequest } from '../../src/core/claim-use-cases.ts';
import { refusal, submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

type Claiming = Partial<ClaimRequest>;

async function claimNext(world: StoreWorld, by: Claiming = {}): Promise<number | null> {
  const { claimed } = await world.run(world.tasks.claimNext({ instanceId: 'mac', ...by }));
  return claimed?.task.id ?? null;
}

async function claimAll(world: StoreWorld, by: Claiming): Promise<number[]> {
  const ids: number[] = [];
  for (let id; (id = await claimNext(world, by)) !== null;) ids.push(id);
  return ids;
}

export function storeMatchingContract(open: OpenStoreWorld): void {
  describe('claim-next', () => {
    it('hands a task of a project to whoever names it, and to nobody else', async () => {
      const world = await open();
      await submit(world, { project: 'notes' });
      await submit(world, { project: 'web' });
      await submit(world);
      await submit(world, { project: 'notes', priority: 'high' });
      expect(await claimAll(world, {})).toEqual([3]);
      expect(await claimAll(world, { projects: [null] })).toEqual([]);
      expect(await claimAll(world, { projects: ['notes', null] })).toEqual([4, 1]);
      expect(await claimAll(world, { projects: ['notes'] })).toEqual([]);
      expect(await claimAll(world, { projects: ['web'] })).toEqual([2]);
    });

    it('hands out what needs capabilities to whoever has them all', async () => {
      const world = await open();
      await submit(world, { requires: ['usb', 'gpu', 'gpu'] });
      await submit(world, { requires: ['gpu'] });
      await submit(world, { requires: [] });
      expect((await taskOf(world, 1)).requires).toEqual(['gpu', 'usb']);
      expect(await claimAll(world, { capabilities: ['gpu'] })).toEqual([2, 3]);
      expect(await claimAll(world, { capabilities: ['disk', 'usb', 'gpu'] })).toEqual([1]);
    });

    it('takes the first in line over all that fits, whatever combination it is of', async () => {
      const world = await open();
      await submit(world, { priority: 'low' });
      await submit(world, { project: 'notes', requires: ['gpu'], priority: 'high' });
      await submit(world, { project: 'notes' });
      await submit(world, { target: 'nas', project: 'notes', priority: 'high' });
      await submit(world, { target: 'mac', project: 'notes', priority: 'high' });
      await submit(world);
      const mac = { projects: ['notes', null], capabilities: ['gpu'] };
      expect((await world.store.nextReady(claimantOf({ instanceId: 'mac', ...mac })))?.id).toBe(2);
      expect((await world.store.nextReady(claimantOf(mac)))?.id).toBe(2);
      expect(await claimAll(world, mac)).toEqual([2, 5, 3, 6, 1]);
    });

    it('sees what the same transaction did: no task twice, and none left behind', async () => {
      const world = await open();
      const by = { projects: ['notes'] };
      const made = [submit(world, { project: 'notes' }), submit(world, { project: 'notes' })];
      const claims = [1, 2, 3].map(() => claimNext(world, by));
      await Promise.all(made);
      expect(await Promise.all(claims)).toEqual([1, 2, null]);
    });

    it('knows a lane again after everything that empties and fills it', async () => {
      const world = await open();
      const by = { projects: ['notes'] };
      const { id } = await submit(world, { project: 'notes' });
      const again = async () => {
        expect(await claimNext(world, by)).toBe(id);
        expect(await claimNext(world, by)).toBeNull();
      };
      await again();
      await world.run(world.tasks.release(id, {}, { retryInMs: 0 }));
      await again();
      await world.run(world.tasks.fail(id, {}, { error: 'x', retry: true, retryInMs: 1000 }));
      expect(await claimNext(world, by)).toBeNull();
      world.clock.advance(1000);
      await world.run(world.sweeps.promoteDueTasks());
      await again();
      await world.run(world.tasks.cancel(id, {}));
      await world.run(world.tasks.requeue(id, {}));
      await again();
      expect(await world.store.readyLanes()).toEqual([]);
    });

    it('keeps what a task asks for and may cost over an edit, an end, and a second chance', async () => {
      const world = await open();
      const budget = { costUsd: 1.5, tokens: 1000, turns: 3, minutes: 0.5 };
      const facts = { project: 'notes', requires: ['gpu'], model: 'claude-sonnet-4-5', budget };
      const { id } = await submit(world, facts);
      expect(await taskOf(world, id)).toMatchObject(facts);
      await world.run(world.tasks.edit(id, {}, 'something else'));
      await world.run(world.tasks.cancel(id, {}));
      await world.run(world.tasks.requeue(id, {}));
      expect(await taskOf(world, id)).toMatchObject({ ...facts, description: 'something else' });
    });
  });

  it('a claim by id asks for neither project nor capabilities', async () => {
    const world = await open();
    const { id } = await submit(world, { project: 'notes', requires: ['gpu'] });
    expect((await world.run(world.tasks.claim(id, { instanceId: 'mac' }))).task.id).toBe(id);
  });

  it('who is free is told as it stands, also after something was taken back', async () => {
    const world = await open();
    await world.run(world.instances.seen('mac'));
    const { id } = await submit(world);
    const other = await submit(world);
    const waits = () => world.store.look((facts) => world.tasks.waits(facts)(other)?.kind ?? null);
    expect(await waits()).toBeNull();
    const claim = world.tasks.claim(id, { instanceId: 'mac' });
    const broken = world.store.decideShown(claim, {
      render(_, facts) {
        expect([...facts.crew()].map(({ isFree }) => isFree)).toEqual([false]);
        throw new Error('cut');
      },
    });
    await expect(broken).rejects.toThrow('cut');
    expect(await waits()).toBeNull();
    await world.run(claim);
    expect(await waits()).toBe('busy');
    await world.run(world.tasks.release(id, {}, { retryInMs: 0 }));
    expect(await waits()).toBeNull();
  });

  describe('combinations', () => {
    async function fill(world: StoreWorld): Promise<void> {
      const all = Array.from({ length: MOST_LANES }, (_, n) => submit(world, { target: `m-${n}` }));
      await Promise.all(all);
    }

    it('with tasks ready are a thousand at most; one more is refused, and what is there goes on', async () => {
      const world = await open();
      await fill(world);
      await expect(submit(world, { project: 'notes' })).rejects.toThrow(
        refusal('invalid_input', { most: MOST_LANES }),
      );
      await submit(world, { target: 'm-7' });
      await submit(world);
      expect(await claimAll(world, { instanceId: 'm-7' })).toEqual([8, 1001, 1002]);
      expect((await submit(world, { project: 'notes' })).project).toBe('notes');
    });

    it('are not opened by a second chance or a follow-up either', async () => {
      const world = await open();
      const over = await submit(world, { project: 'notes' });
      await world.run(world.tasks.cancel(over.id, {}));
      await fill(world);
      const tries = [
        () => world.run(world.tasks.requeue(over.id, {})),
        () => world.run(world.tasks.setStatus(over.id, {}, { status: 'pending' })),
        () => world.run(world.runs.reply(over.id, { key: ADMIN }, { text: 'go on', now: false })),
      ];
      for (const again of tries) await expect(again()).rejects.toThrow(refusal('invalid_input'));
      expect((await taskOf(world, over.id)).status).toBe('cancelled');
      expect(await world.store.readyLanes()).not.toContain(
        laneOf({ target: null, project: 'notes', requires: [] }),
      );
    });
  });
}

const ADMIN = { id: 'owner', name: 'owner', scope: 'admin', instanceId: null } as const;
