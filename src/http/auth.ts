/**
 * The key check. What was sent is hashed before anything is compared, so the comparison takes the same time
 * for any guess. Wrong keys are slowed per address; a right key never is, wherever it comes from.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { API_KEY_HEADER } from '../contract/endpoints.ts';
import { OWNER_KEY, type ActingKey } from '../core/key.ts';
import type { Clock } from '../core/ports.ts';
import { clientAddress } from './client-address.ts';
import { ownerOf } from './connections.ts';
import type { HttpEnv } from './env.ts';
import { sha256 } from './key-text.ts';
import type { Keyring } from './keyring.ts';
import { createTrustedProxies } from './proxies.ts';
import { Refusal, unauthenticated } from './refusal.ts';
import { createWrongKeys } from './wrong-keys.ts';

export interface AuthDeps {
  /** The owner's. */
  readonly apiKey: string;
  readonly keyring: Pick<Keyring, 'find'>;
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly clock: Clock;
}

/** The key that the request came by, or why not: `unauthenticated` or `rate_limited`. */
export type Authenticate = (c: Context<HttpEnv>) => ActingKey | Refusal;

export function createAuthenticate({ apiKey, keyring, trustedProxies, clock }: AuthDeps): Authenticate {
  const owner = sha256(apiKey);
  const wrong = createWrongKeys(clock);
  const isTrustedProxy = createTrustedProxies(trustedProxies);

  function keyFor(text: string | undefined): ActingKey | null {
    if (text === undefined || text === '') return null;
    const digest = sha256(text);
    return timingSafeEqual(digest, owner) ? OWNER_KEY : keyring.find(text, digest);
  }

  return (c) => {
    const text = c.req.header(API_KEY_HEADER);
    const key = keyFor(text);
    if (key !== null) return key;
    const bearer = bearerOf(c.req.header('authorization'));
    const found = keyFor(bearer);
    if (found !== null) return found;
    if (!text && !bearer) return unauthenticated('Send the API key in the header X-API-Key.');
    const peer = c.env.incoming?.socket.remoteAddress;
    const from = { peer, forwardedFor: c.req.header('x-forwarded-for') };
    const waitMs = wrong.add(ownerOf(clientAddress(from, isTrustedProxy)));
    return waitMs === 0 ? unauthenticated('The API key is wrong, or was revoked.') : tooMany(waitMs);
  };
}

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}

function tooMany(waitMs: number): Refusal {
  const seconds = Math.ceil(waitMs / 1000);
  return new Refusal(
    'rate_limited',
    `Too many wrong API keys from this address; try again in ${seconds} s.`,
    { 'retry-after': String(seconds) },
  );
}
