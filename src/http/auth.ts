/**
 * The key check. Both sides are hashed first, so the comparison takes the same time for any guess.
 * Wrong keys are slowed per address; a correct key never is, wherever it comes from.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { API_KEY_HEADER } from '../contract/endpoints.ts';
import type { Clock } from '../core/ports.ts';
import type { HttpEnv } from './env.ts';
import { Refusal } from './refusal.ts';

const WRONG_KEYS_ALLOWED = 10;
const FORGIVEN_AFTER_MS = 60_000;
/** More addresses than this and the oldest are forgiven: a flood must not fill the memory. */
const MAX_ADDRESSES = 10_000;

/** Null for a right key; otherwise `unauthenticated` or `rate_limited`. */
export type Authenticate = (c: Context<HttpEnv>) => Refusal | null;

export function createAuthenticate({ apiKey, clock }: { apiKey: string; clock: Clock }): Authenticate {
  const expected = sha256(apiKey);
  const wrong = createWrongKeys(clock);
  const isRight = (key: string | undefined) =>
    key !== undefined && key !== '' && timingSafeEqual(sha256(key), expected);
  return (c) => {
    const key = c.req.header(API_KEY_HEADER);
    if (isRight(key)) return null;
    const bearer = bearerOf(c.req.header('authorization'));
    if (isRight(bearer)) return null;
    if (!key && !bearer) return unauthenticated('Send the API key in the header X-API-Key.');
    const waitMs = wrong.add(c.env.incoming?.socket.remoteAddress ?? 'unknown');
    if (waitMs === 0) return unauthenticated('The API key is wrong.');
    const seconds = Math.ceil(waitMs / 1000);
    return new Refusal(
      'rate_limited',
      `Too many wrong API keys from this address; try again in ${seconds} s.`,
      {
        'retry-after': String(seconds),
      },
    );
  };
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}

function unauthenticated(message: string): Refusal {
  return new Refusal('unauthenticated', message, { 'www-authenticate': 'Bearer realm="athena"' });
}

function createWrongKeys(clock: Clock) {
  const byAddress = new Map<string, { count: number; sinceMs: number }>();
  return {
    /** Milliseconds until this address may guess again; 0 while it still may. */
    add(address: string): number {
      const now = clock.monotonicMs();
      const known = byAddress.get(address);
      const seen = known && now - known.sinceMs < FORGIVEN_AFTER_MS ? known : { count: 0, sinceMs: now };
      seen.count += 1;
      byAddress.delete(address);
      byAddress.set(address, seen);
      for (const oldest of byAddress.keys()) {
        if (byAddress.size <= MAX_ADDRESSES) break;
        byAddress.delete(oldest);
      }
      return seen.count <= WRONG_KEYS_ALLOWED ? 0 : seen.sinceMs + FORGIVEN_AFTER_MS - now;
    },
  };
}
