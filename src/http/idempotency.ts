/**
 * The HTTP side of idempotency: reads the header, makes the fingerprint, and lets a request whose key
 * is still running join the first one. What is kept, and for how long, is the store's business.
 */
import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { IDEMPOTENCY_KEY_HEADER } from '../contract/endpoints.ts';
import { DomainError } from '../core/errors.ts';
import { OWNER_KEY } from '../core/key.ts';
import type { Answer } from '../core/ports.ts';
import type { HttpEnv } from './env.ts';

export interface KeyedRequest {
  readonly key: string;
  readonly fingerprint: string;
}

/** Null when the request carries no key. Throws `invalid_input` for an unusable one. */
export function keyOf(c: Context<HttpEnv>, body: string): KeyedRequest | null {
  const key = c.req.header(IDEMPOTENCY_KEY_HEADER);
  if (key === undefined) return null;
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new DomainError('invalid_input', 'Idempotency-Key must be 1 to 200 visible ASCII characters.');
  }
  const fingerprint = createHash('sha256').update(`${c.req.method} ${c.req.path}\n${body}`).digest('base64');
  return { key: within(c.get('key').id, key), fingerprint };
}

/** Each API key has its own: one never gets the kept answer, and with it the lease, of another. No key holds a blank. */
function within(apiKeyId: string, key: string): string {
  return apiKeyId === OWNER_KEY.id ? key : `${apiKeyId} ${key}`;
}

export function createRunningKeys() {
  const running = new Map<string, { fingerprint: string; answer: Promise<Answer> }>();
  return {
    /** Runs `work`, or waits for the same request that runs already. Throws `idempotency_conflict`. */
    async join({ key, fingerprint }: KeyedRequest, work: () => Promise<Answer>): Promise<Answer> {
      const first = running.get(key);
      if (first !== undefined) {
        if (first.fingerprint === fingerprint) return first.answer;
        throw new DomainError(
          'idempotency_conflict',
          'A different request with this Idempotency-Key is still running; use a new key for a new request.',
        );
      }
      const answer = work();
      running.set(key, { fingerprint, answer });
      try {
        return await answer;
      } finally {
        running.delete(key);
      }
    },
  };
}
