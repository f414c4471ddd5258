/**
 * A key opens the API, and every call says by which one it came. The owner's own key may do everything;
 * a named one has a scope, and a worker's may be bound to one instance: then it speaks for no other.
 * What a key's text looks like, and how it is compared, is the business of those who receive it.
 */
import { DomainError } from './errors.ts';
import type { KeyScope } from './vocabulary.ts';

/** The key by which somebody acts. */
export interface ActingKey {
  readonly id: string;
  readonly name: string;
  readonly scope: KeyScope;
  /** The one instance that it may speak for; null: any. */
  readonly instanceId: string | null;
}

export interface Key extends ActingKey {
  readonly createdAt: Date;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** With the hash of its text, which nobody is shown. */
export interface StoredKey extends Key {
  readonly hash: string;
}

/** `before` is null for a new key. */
export interface KeyChange {
  readonly before: StoredKey | null;
  readonly after: StoredKey;
}

/** The key that the server was started with. It cannot be revoked, and no other may have its name. */
export const OWNER_KEY: ActingKey = { id: 'owner', name: 'owner', scope: 'admin', instanceId: null };

/** Every key may read, and `admin` is all the others together. */
export function allows(scope: KeyScope, needed: KeyScope): boolean {
  return scope === needed || scope === 'admin' || needed === 'read';
}

/** Whether a call by this key may be an instance's: its sign of life, and its name in the trail. */
export function speaksForInstances(key: ActingKey): boolean {
  return allows(key.scope, 'worker');
}

/** Throws `not_permitted` naming the scope that would be enough. */
export function requireScope(key: ActingKey, needed: KeyScope): void {
  if (!allows(key.scope, needed)) throw missingScope(key, needed);
}

export function missingScope(key: ActingKey, needed: KeyScope): DomainError {
  return new DomainError(
    'not_permitted',
    `This needs a key with the scope ${needed}; the key "${key.name}" has the scope ${key.scope}.`,
    { scope_needed: needed, scope: key.scope },
  );
}

/**
 * The instance that a call by this key comes from: the one it names, else the one the key is bound to.
 * Throws `not_permitted` when it names another than that.
 */
export function speakerFor(key: ActingKey, named: string | undefined): string | undefined {
  if (key.instanceId === null || named === key.instanceId) return named;
  if (named === undefined) return key.instanceId;
  throw new DomainError(
    'not_permitted',
    `The key "${key.name}" speaks for the instance "${key.instanceId}" and for no other.`,
    { instance_id: key.instanceId },
  );
}
