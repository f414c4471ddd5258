/** Work that happens at most once per key. */
import { describe, expect, it } from 'vitest';
import type { Answer, Once } from '../../src/core/ports.ts';
import type { Work } from '../../src/core/work.ts';
import {
  actionsOf,
  claimed,
  refusal,
  submit,
  taskOf,
  type OpenStoreWorld,
  type StoreWorld,
} from './store-world.ts';

const HOURS_24 = 24 * 60 * 60_000;

const render = (result: unknown): Answer => {
  const lease = result !== null && typeof result === 'object' && 'leaseId' in result ? result.leaseId : null;
  return { status: 200, body: JSON.stringify(result), leaseId: typeof lease === 'string' ? lease : null };
};

function once<R>(
  world: StoreWorld,
  work: Work<R>,
  { key = 'key-1', fingerprint = 'POST /x', ...rest }: Partial<Once<R>> = {},
): Promise<Answer> {
  return world.store.decideOnce(work, { key, fingerprint, render, ...rest });
}

export function storeOnceContract(open: OpenStoreWorld): void {
  describe('work done once per key', () => {
    it('answers a repeat word for word and changes nothing', async () => {
      const world = await open();
      const work = world.tasks.submit({ description: 'Only once' });
      const first = await once(world, work);
      world.clock.advance(1000);
      expect(
        await once(world, work, { render: () => ({ status: 500, body: 'other', leaseId: null }) }),
      ).toEqual(first);
      expect((await world.store.counts()).counts.pending).toBe(1);
      expect(await actionsOf(world, 1)).toEqual(['created']);
    });

    it('happens once also when the repeat comes in the same breath', async () => {
      const world = await open();
      const work = world.tasks.submit({ description: 'Only once' });
      const answers = await Promise.all([once(world, work), once(world, work), once(world, work)]);
      expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
      expect((await world.store.counts()).counts.pending).toBe(1);
    });

    it('is a conflict under the same key for another request, which does not happen', async () => {
      const world = await open();
      await once(world, world.tasks.submit({ description: 'One' }));
      const other = once(world, world.tasks.submit({ description: 'Two' }), { fingerprint: 'POST /y' });
      await expect(other).rejects.toThrow(refusal('idempotency_conflict'));
      expect((await world.store.counts()).counts.pending).toBe(1);
    });

    it('is decided anew after a refusal', async () => {
      const world = await open();
      const claim = world.tasks.claim(1, { instanceId: 'mac' });
      await expect(once(world, claim)).rejects.toThrow(refusal('task_not_found'));
      await submit(world);
      expect((await once(world, claim)).leaseId).not.toBeNull();
    });

    it('is decided anew when it changed nothing', async () => {
      const world = await open();
      const next = world.tasks.claimNext({ instanceId: 'mac' });
      expect((await once(world, next)).body).toContain('"claimed":null');
      await submit(world);
      expect((await once(world, next)).body).toContain('"status":"in_progress"');
      const { id } = await submit(world);
      const same = world.tasks.changePriority(id, {}, 'medium');
      await once(world, same, { key: 'key-2' });
      await world.run(world.tasks.changePriority(id, {}, 'low'));
      expect((await once(world, same, { key: 'key-2' })).body).toContain('"priority":"medium"');
    });

    it('keeps the answers of a heartbeat and of the queue switch', async () => {
      const world = await open();
      for (const [key, work] of [
        ['beat', world.instances.heartbeat({ instanceId: 'mac' })],
        ['pause', world.tasks.pause('first')],
      ] as const) {
        const first = await once<unknown>(world, work, { key });
        world.clock.advance(5000);
        expect(await once<unknown>(world, work, { key })).toEqual(first);
      }
    });

    it('is remembered for 24 hours and not longer', async () => {
      const world = await open();
      const work = world.tasks.submit({ description: 'Once a day' });
      const first = await once(world, work);
      world.clock.advance(HOURS_24);
      expect(await world.store.purge()).toBe(false);
      expect(await once(world, work)).toEqual(first);
      world.clock.advance(1);
      expect(await once(world, work, { fingerprint: 'other' })).not.toEqual(first);
      expect((await world.store.counts()).counts.pending).toBe(2);
      world.clock.advance(HOURS_24);
      expect((await once(world, work, { fingerprint: 'other' })).body).toContain('"id":2');
    });

    it('hears an instance also when it is answered again', async () => {
      const world = await open();
      await submit(world);
      const claim = world.tasks.claim(1, { instanceId: 'mac' });
      await once(world, claim);
      world.clock.advance(5000);
      await once(world, claim);
      expect((await world.store.instances())[0]?.lastSeen).toEqual(world.clock.now());
    });
  });

  describe('a claim that is replayed', () => {
    it('gives the same lease while that lives', async () => {
      const world = await open();
      await submit(world);
      const claim = world.tasks.claim(1, { instanceId: 'mac' });
      const first = await once(world, claim);
      expect(await once(world, claim)).toEqual(first);
      expect(await actionsOf(world, 1)).toEqual(['created', 'claimed']);
    });

    it.each<[string, (world: StoreWorld, lease: string) => Promise<unknown>]>([
      ['completed', (world, leaseId) => world.run(world.tasks.complete(1, { leaseId }))],
      ['released', (world, leaseId) => world.run(world.tasks.release(1, { leaseId }, { retryInMs: 0 }))],
      ['cancelled', (world) => world.run(world.tasks.cancel(1, {}))],
    ])('is lease_lost once that lease was %s', async (_how, end) => {
      const world = await open();
      await submit(world);
      const claim = world.tasks.claim(1, { instanceId: 'mac' });
      const { leaseId } = await once(world, claim);
      await end(world, leaseId ?? '');
      await expect(once(world, claim)).rejects.toThrow(refusal('lease_lost'));
    });

    it('stays lease_lost while another holds the task', async () => {
      const world = await open({ leaseMs: 60_000 });
      await submit(world);
      const claim = world.tasks.claimNext({ instanceId: 'mac' });
      const rendered = { render: (r: { claimed: { leaseId: string } | null }) => render(r.claimed) };
      await once(world, claim, rendered);
      world.clock.advance(60_000);
      await world.run(world.sweeps.expireLeases());
      await world.run(world.tasks.claim(1, { instanceId: 'nas' }));
      await expect(once(world, claim, rendered)).rejects.toThrow(refusal('lease_lost'));
      expect((await taskOf(world, 1)).instanceId).toBe('nas');
    });

    it('claims anew after it was undone together with its record', async () => {
      const world = await open();
      await submit(world);
      const claim = world.tasks.claim(1, { instanceId: 'mac' });
      const first = await once(world, claim);
      await world.run(world.tasks.undoClaim(first.leaseId ?? '', 'key-1'));
      const second = await once(world, claim);
      expect(second.leaseId).not.toBe(first.leaseId);
      expect(await taskOf(world, 1)).toMatchObject({ status: 'in_progress', attempt: 1 });
    });

    it('keeps its record when the claim it belongs to has ended by itself', async () => {
      const world = await open();
      await submit(world);
      const complete = world.tasks.complete(1, {});
      const { leaseId } = await once(world, world.tasks.claim(1, { instanceId: 'mac' }));
      await world.run(complete);
      expect(await world.run(world.tasks.undoClaim(leaseId ?? '', 'key-1'))).toBe(false);
      await expect(once(world, world.tasks.claim(1, { instanceId: 'mac' }))).rejects.toThrow(
        refusal('lease_lost'),
      );
    });
  });

  it('housekeeping goes in small steps and says when there is more', async () => {
    const world = await open();
    await Promise.all(
      Array.from({ length: 150 }, (_, n) =>
        once(world, world.instances.heartbeat({ instanceId: `m-${n}` }), { key: `key-${n}` }),
      ),
    );
    const holder = await claimed(world, 'holder');
    world.clock.advance(31 * HOURS_24);
    expect(await world.store.purge()).toBe(true);
    expect(await world.store.purge()).toBe(false);
    expect(await world.store.instances()).toMatchObject([{ id: 'holder', status: 'working' }]);
    expect((await taskOf(world, holder.id)).status).toBe('in_progress');
  });
}
