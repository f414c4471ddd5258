/**
 * The live keys in memory, as the last commit left them: asking costs no read, and a revoked key is gone
 * before anybody is told that it is. When a key was last used is written down at most once a minute, beside
 * the request and not as a part of it.
 */
import { timingSafeEqual } from 'node:crypto';
import type { KeyService } from '../core/key-service.ts';
import { OWNER_KEY, type ActingKey, type StoredKey } from '../core/key.ts';
import type { Clock, Logger, Store } from '../core/ports.ts';
import { idOfKeyText } from './key-text.ts';
import { unauthenticated } from './refusal.ts';

const USE_NOTED_MS = 60_000;

export interface Keyring {
  /** The live key with this text; `digest` is the text's hash. Notes that it was used. */
  find(text: string, digest: Buffer): ActingKey | null;
  isLive(key: ActingKey): boolean;
  /** Throws `unauthenticated` for a key that was revoked since its request began. */
  requireLive(key: ActingKey): void;
  nameOf(id: string): string;
  /** Calls `leave` when the key is revoked. The returned function ends that. */
  onRevoked(key: ActingKey, leave: () => void): () => void;
}

export interface KeyringDeps {
  readonly store: Pick<Store, 'keys' | 'onCommit' | 'decide'>;
  readonly keys: KeyService;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface LiveKey {
  readonly key: StoredKey;
  readonly digest: Buffer;
}

/** Compared with in place of a key that is not there, so that both take the same time. */
const NOBODY = Buffer.alloc(32);

export async function createKeyring(deps: KeyringDeps): Promise<Keyring> {
  const { store, clock } = deps;
  const live = new Map<string, LiveKey>();
  const names = new Map([[OWNER_KEY.id, OWNER_KEY.name]]);
  const waiting = new Map<string, Set<() => void>>();
  const noteUse = createUseNotes(deps);

  function put(key: StoredKey): void {
    names.set(key.id, key.name);
    if (key.revokedAt === null) {
      live.set(key.id, { key, digest: Buffer.from(key.hash, 'hex') });
      return;
    }
    live.delete(key.id);
    for (const leave of waiting.get(key.id) ?? []) leave();
  }

  store.onCommit(({ keys }) => {
    keys.forEach(put);
  });
  (await store.keys()).forEach(put);

  const isLive = ({ id }: ActingKey) => id === OWNER_KEY.id || live.has(id);

  return {
    isLive,
    nameOf: (id) => names.get(id) ?? id,

    find(text, digest) {
      const id = idOfKeyText(text);
      const found = id === undefined ? undefined : live.get(id);
      const isSame = timingSafeEqual(digest, found?.digest ?? NOBODY);
      if (found === undefined || !isSame) return null;
      noteUse(found.key, clock.now());
      return found.key;
    },

    requireLive(key) {
      if (!isLive(key)) throw unauthenticated('This API key was revoked.');
    },

    onRevoked(key, leave) {
      if (key.id === OWNER_KEY.id) return () => undefined;
      const leaving = waiting.get(key.id) ?? new Set();
      waiting.set(key.id, leaving.add(leave));
      return () => {
        leaving.delete(leave);
        if (leaving.size === 0) waiting.delete(key.id);
      };
    },
  };
}

function createUseNotes({ store, keys, logger }: KeyringDeps) {
  const notedMs = new Map<string, number>();
  return ({ id, lastUsedAt }: StoredKey, now: Date): void => {
    const last = notedMs.get(id) ?? lastUsedAt?.getTime() ?? -Infinity;
    // A clock that was set back must not keep a key unused for hours.
    if (Math.abs(now.getTime() - last) < USE_NOTED_MS) return;
    notedMs.set(id, now.getTime());
    store.decide(keys.used(id)).catch((error: unknown) => {
      logger.debug({ error }, 'the use of a key was not recorded');
    });
  };
}
