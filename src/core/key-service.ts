/**
 * The use cases on named keys: make one, revoke one, note that one was used. Secrets are made and compared
 * elsewhere; here arrives only a hash. A revoked key is kept for good, because the trail names it.
 */
import { DomainError } from './errors.ts';
import type { NewAdminEvent } from './admin-event.ts';
import { OWNER_KEY, type Key, type StoredKey } from './key.ts';
import { actOf, type Caller } from './ownership.ts';
import type { Clock } from './ports.ts';
import type { AdminAction, KeyScope } from './vocabulary.ts';
import { work, type Work } from './work.ts';

export interface NewKey {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly scope: KeyScope;
  readonly instanceId: string | null;
}

export type KeyService = ReturnType<typeof createKeyService>;

export function createKeyService({ clock }: { clock: Clock }) {
  return {
    /** Throws `invalid_input` when a live key has that name, or when its scope cannot be bound to an instance. */
    add(wanted: NewKey, caller: Caller): Work<Key> {
      const load = { read: 'key', id: wanted.id, name: wanted.name } as const;
      return work<'key', Key>(load, ({ sameName }) => {
        requireUsable(wanted, sameName);
        const after: StoredKey = { ...wanted, createdAt: clock.now(), lastUsedAt: null, revokedAt: null };
        const adminEvents = [told('key_added', after, { caller, now: after.createdAt })];
        return { result: after, keys: [{ before: null, after }], adminEvents };
      });
    },

    /** From this commit on it opens nothing. Revoking it again changes nothing. */
    revoke(id: string, caller: Caller): Work<Key> {
      return work<'key', Key>({ read: 'key', id }, ({ key }) => {
        const before = known(key, id);
        if (before.revokedAt !== null) return { result: before };
        const now = clock.now();
        const after: StoredKey = { ...before, revokedAt: now };
        const adminEvents = [told('key_revoked', after, { caller, now })];
        return { result: after, keys: [{ before, after }], adminEvents };
      });
    },

    used(id: string): Work<null> {
      return work<'key', null>({ read: 'key', id }, ({ key }) => {
        const before = known(key, id);
        return { result: null, keys: [{ before, after: { ...before, lastUsedAt: clock.now() } }] };
      });
    },
  };
}

function told(action: AdminAction, key: Key, by: { caller: Caller; now: Date }): NewAdminEvent {
  const { actor, keyId } = actOf(by.caller, null, by.now);
  const details = {
    id: key.id,
    name: key.name,
    scope: key.scope,
    ...(key.instanceId !== null && { instance_id: key.instanceId }),
  };
  return { action, actor, keyId, details, timestamp: by.now };
}

function requireUsable({ name, scope, instanceId }: NewKey, sameName: Key | null): void {
  if (name.toLowerCase() === OWNER_KEY.name) throw invalid('name', 'The name "owner" is that of API_KEY.');
  if (instanceId !== null && scope !== 'worker')
    throw invalid('instance_id', 'Only a key with the scope worker can be bound to an instance.');
  if (sameName === null) return;
  const message = `A key is called "${name}" already; revoke it first, or choose another name.`;
  throw invalid('name', message);
}

function invalid(field: string, message: string): DomainError {
  return new DomainError('invalid_input', message, { field });
}

/** Keys are never deleted, so whoever found one before finds it again. */
function known(key: StoredKey | null, id: string): StoredKey {
  if (key !== null) return key;
  throw new Error(`there is no key ${id}`);
}
