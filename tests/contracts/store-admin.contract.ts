/** The admin trail: who turned the queue's switch, when and why. */
import { describe, expect, it } from 'vitest';
import type { AdminEvent } from '../../src/core/admin-event.ts';
import { refusal, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const trail = async ({ store }: StoreWorld) => (await store.adminEvents({ limit: 100 })).events;

async function everyPage({ store }: StoreWorld, limit: number): Promise<AdminEvent[]> {
  const events: AdminEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.adminEvents({ limit, cursor });
    expect(page.events.length).toBeLessThanOrEqual(limit);
    events.push(...page.events);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return events;
}

export function storeAdminContract(open: OpenStoreWorld): void {
  describe('the admin trail', () => {
    it('tells who turned the switch, when and why, newest first', async () => {
      const world = await open();
      expect(await trail(world)).toEqual([]);
      const pausedAt = world.clock.now();
      await world.run(world.tasks.pause('Maintenance', { actor: 'discord:7' }));
      world.clock.advance(60_000);
      await world.run(world.tasks.resume(undefined, { speaker: 'nas' }));
      await world.run(world.tasks.pause());
      const common = { keyId: null, timestamp: world.clock.now() };
      expect(await trail(world)).toEqual([
        { id: 3, action: 'queue_paused', actor: 'operator', details: {}, ...common },
        { id: 2, action: 'queue_resumed', actor: 'instance:nas', details: {}, ...common },
        {
          id: 1,
          action: 'queue_paused',
          actor: 'discord:7',
          details: { reason: 'Maintenance' },
          keyId: null,
          timestamp: pausedAt,
        },
      ]);
    });

    it('says nothing where nothing changed, and a new reason is a change', async () => {
      const world = await open();
      await world.run(world.tasks.resume());
      await world.run(world.tasks.pause('Lunch'));
      await world.run(world.tasks.pause('Lunch'));
      await world.run(world.tasks.pause());
      await world.run(world.tasks.pause('Coffee'));
      expect((await trail(world)).map(({ details }) => details)).toEqual([
        { reason: 'Coffee' },
        { reason: 'Lunch' },
      ]);
    });

    it('is one entry for a call that is repeated under its key', async () => {
      const world = await open();
      const once = {
        key: 'key-1',
        fingerprint: 'POST /pause',
        render: () => ({ status: 200, body: '{}', leaseId: null }),
      };
      await world.store.decideOnce(world.tasks.pause(), once);
      await world.run(world.tasks.resume());
      await world.store.decideOnce(world.tasks.pause(), once);
      expect((await trail(world)).map(({ action }) => action)).toEqual(['queue_resumed', 'queue_paused']);
      expect((await world.store.counts()).queue.paused).toBe(false);
    });

    it('is saved with its change or not at all', async () => {
      const world = await open();
      const pause = world.tasks.pause();
      const broken: typeof pause = {
        ...pause,
        decide(loaded) {
          const outcome = pause.decide(loaded);
          const adminEvents = outcome.adminEvents?.map((event) => ({ ...event, timestamp: new Date(NaN) }));
          return { ...outcome, ...(adminEvents && { adminEvents }) };
        },
      };
      await expect(world.run(broken)).rejects.toThrow();
      expect((await world.store.counts()).queue.paused).toBe(false);
      expect(await trail(world)).toEqual([]);
    });

    it('is read in pages that hold every entry once', async () => {
      const world = await open();
      for (let n = 0; n < 5; n += 1) {
        await world.run(world.tasks.pause());
        await world.run(world.tasks.resume());
      }
      for (const limit of [1, 3, 5, 10, 11]) {
        expect((await everyPage(world, limit)).map(({ id }) => id)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      }
      const ofTasks = Buffer.from('n.5').toString('base64url');
      for (const cursor of ['x', ofTasks]) {
        await expect(world.store.adminEvents({ limit: 1, cursor })).rejects.toThrow(refusal('invalid_input'));
      }
    });
  });
}
