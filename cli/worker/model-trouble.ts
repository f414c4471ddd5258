/** What a refusal of the Messages API means for a run, and until when an exhausted account has nothing left. */
import type { RunClock } from './clock.ts';

export type Trouble =
  | { readonly kind: 'quota'; readonly until: Date; readonly detail: string }
  | { readonly kind: 'overload'; readonly detail: string }
  /** `length`: more was sent than the model takes. `model`: there is none of that name. */
  | { readonly kind: 'key' | 'billing' | 'length' | 'model'; readonly detail: string };

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of the body. */
  readonly body: string;
}

const FIRST_WAIT_MS = 5 * 60_000;
const LONGEST_WAIT_MS = 60 * 60_000;
/** Longer promises than this are mistakes. */
const LONGEST_RESET_MS = 8 * 24 * 60 * 60_000;
const BILLING = /credit balance|credits|billing|payment|spend(ing)? limit/i;

/** How long an account without a known reset is left alone: doubles until an answer comes. One per account. */
export interface QuotaPatience {
  /** The moment until which nothing is to be expected. Within one wait it stays the same. */
  next(): Date;
  reset(): void;
}

export function createQuotaPatience(clock: RunClock): QuotaPatience {
  let waitMs = FIRST_WAIT_MS;
  let until: Date | null = null;
  return {
    next() {
      if (until !== null && until > clock.now()) return until;
      until = new Date(clock.now().getTime() + waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      return until;
    },
    reset() {
      waitMs = FIRST_WAIT_MS;
      until = null;
    },
  };
}

/** Null: the request was wrong, not the world. */
export function troubleOf(refusal: Refusal, patience: QuotaPatience, now: Date): Trouble | null {
  const { status, body } = refusal;
  const detail = `${status}: ${messageOf(body)}`;
  if (status === 429) return { kind: 'quota', until: resetOf(refusal, now) ?? patience.next(), detail };
  if (isBilling(refusal)) return { kind: 'billing', detail };
  if (status === 401 || status === 403) return { kind: 'key', detail };
  if (isTooLong(refusal)) return { kind: 'length', detail };
  if (isUnknown(refusal)) return { kind: 'model', detail };
  return status >= 500 || status === 408 ? { kind: 'overload', detail } : null;
}

function isTooLong({ status, body }: Refusal): boolean {
  return status === 413 || (status === 400 && /prompt is too long|context (window|length|limit)/i.test(body));
}

function isUnknown({ status, body }: Refusal): boolean {
  return status === 404 && body.includes('not_found_error') && /\bmodel\b/i.test(body);
}

function isBilling({ status, body }: Refusal): boolean {
  return status === 402 || ((status === 400 || status === 403) && BILLING.test(body));
}

function resetOf({ headers }: Refusal, now: Date): Date | null {
  return retryAfter(headers['retry-after'], now) ?? unifiedReset(headers, now);
}

function retryAfter(value: string | string[] | undefined, now: Date): Date | null {
  if (typeof value !== 'string' || value.trim() === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return plausible(new Date(now.getTime() + seconds * 1_000), now);
  return plausible(new Date(value), now);
}

function unifiedReset(headers: Refusal['headers'], now: Date): Date | null {
  const seconds = Number(headers['anthropic-ratelimit-unified-reset'] ?? Number.NaN);
  return Number.isFinite(seconds) ? plausible(new Date(seconds * 1_000), now) : null;
}

function plausible(until: Date, now: Date): Date | null {
  const waitMs = until.getTime() - now.getTime();
  return waitMs >= 0 && waitMs <= LONGEST_RESET_MS ? until : null;
}

function messageOf(body: string): string {
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } } | null;
    const message = parsed?.error?.message;
    if (typeof message === 'string') return message.slice(0, 500);
  } catch {
    // No JSON: a gateway in between. Its page begins with what it has to say.
  }
  return (
    body
      .replace(/<[^>]*>|\s+/g, ' ')
      .trim()
      .slice(0, 200) || 'no reason given'
  );
}
