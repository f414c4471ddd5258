/** Named keys: what is kept of them, and what a commit tells. */
import { describe, expect, it } from 'vitest';
import { createKeyService, type NewKey } from '../../src/core/key-service.ts';
import { OWNER_KEY } from '../../src/core/key.ts';
import type { Commit } from '../../src/core/ports.ts';
import { refusal, submit, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const wanted: NewKey = { id: 'k1', hash: 'h1', name: 'mac', scope: 'worker', instanceId: 'mac' };
const byOwner = { key: OWNER_KEY };

async function withKeys(open: OpenStoreWorld) {
  const world = await open();
  return { ...world, keys: createKeyService({ clock: world.clock }) };
}

const stored = ({ store }: StoreWorld) => store.keys();

export function storeKeysContract(open: OpenStoreWorld): void {
  describe('a named key', () => {
    it('is kept as it was made, and later with its use and its end', async () => {
      const world = await withKeys(open);
      const made = { ...wanted, createdAt: world.clock.now(), lastUsedAt: null, revokedAt: null };
      expect(await world.run(world.keys.add(wanted, byOwner))).toEqual(made);
      expect(await stored(world)).toEqual([made]);
      world.clock.advance(60_000);
      const lastUsedAt = world.clock.now();
      await world.run(world.keys.used('k1'));
      expect(await stored(world)).toEqual([{ ...made, lastUsedAt }]);
      world.clock.advance(60_000);
      const revokedAt = world.clock.now();
      expect(await world.run(world.keys.revoke('k1', byOwner))).toEqual({ ...made, lastUsedAt, revokedAt });
      world.clock.advance(60_000);
      await world.run(world.keys.revoke('k1', byOwner));
      expect(await stored(world)).toEqual([{ ...made, lastUsedAt, revokedAt }]);
    });

    it('has a name of its own among the live ones', async () => {
      const world = await withKeys(open);
      await world.run(world.keys.add(wanted, byOwner));
      const again = { ...wanted, id: 'k0', hash: 'h2' };
      await expect(world.run(world.keys.add(again, byOwner))).rejects.toThrow(refusal('invalid_input'));
      await world.run(world.keys.revoke('k1', byOwner));
      world.clock.advance(1);
      await world.run(world.keys.add(again, byOwner));
      expect((await stored(world)).map(({ id }) => id)).toEqual(['k1', 'k0']);
    });

    it('is not made twice in one breath', async () => {
      const world = await withKeys(open);
      const both = await Promise.allSettled([
        world.run(world.keys.add(wanted, byOwner)),
        world.run(world.keys.add({ ...wanted, id: 'k2' }, byOwner)),
      ]);
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(await stored(world)).toHaveLength(1);
    });

    it('stands in the trail of the queue, made and revoked, but not used', async () => {
      const world = await withKeys(open);
      await world.run(world.keys.add(wanted, byOwner));
      await world.run(world.keys.used('k1'));
      await world.run(world.keys.revoke('k1', { key: { ...OWNER_KEY, id: 'k9' } }));
      await world.run(world.keys.revoke('k1', byOwner));
      const details = { id: 'k1', name: 'mac', scope: 'worker', instance_id: 'mac' };
      const by = { actor: 'operator', details, timestamp: world.clock.now() };
      expect((await world.store.adminEvents({ limit: 10 })).events).toEqual([
        { id: 2, action: 'key_revoked', keyId: 'k9', ...by },
        { id: 1, action: 'key_added', keyId: 'owner', ...by },
      ]);
    });

    it('is told by the commit that changed it, as it is then', async () => {
      const world = await withKeys(open);
      const commits: Commit[] = [];
      world.store.onCommit((commit) => commits.push(commit));
      await world.run(world.keys.add(wanted, byOwner));
      await world.run(world.keys.used('k1'));
      await world.run(world.keys.revoke('k1', byOwner));
      await world.run(world.keys.revoke('k1', byOwner));
      const used = world.clock.now();
      expect(
        commits.map(({ keys }) => keys.map(({ lastUsedAt, revokedAt }) => [lastUsedAt, revokedAt])),
      ).toEqual([[[null, null]], [[used, null]], [[used, used]], []]);
    });
  });

  describe('the key of an event', () => {
    it('is kept with it, and is nobody where none was needed', async () => {
      const world = await withKeys(open);
      const key = { ...OWNER_KEY, id: 'k1' };
      const { id } = await submit(world);
      await world.run(world.tasks.claim(id, { instanceId: 'mac', key }));
      await world.run(world.tasks.setStatus(id, { key }, { notes: 'half' }));
      await world.run(world.tasks.complete(id, { key }));
      await world.run(world.tasks.submit({ description: 'x' }, { key }));
      const kept = [...(await world.store.events(id)), ...(await world.store.events(2))];
      expect(kept.map(({ action, keyId }) => [action, keyId])).toEqual([
        ['created', null],
        ['claimed', 'k1'],
        ['notes_updated', 'k1'],
        ['completed', 'k1'],
        ['created', 'k1'],
      ]);
    });
  });
}
