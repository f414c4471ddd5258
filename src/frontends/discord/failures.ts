/**
 * What a failed request means. Discord saying "no" is an answer and comes back as a value; everything that
 * may pass (rate limits, outages, cut connections, time-outs) is a TransientError. Errors of discord.js carry
 * URLs with interaction tokens in them, so nothing but code and message is ever taken from one.
 */
import { DiscordAPIError, HTTPError, RateLimitError } from 'discord.js';
import { TransientError } from '../../core/errors.ts';

export type No =
  /** The content: too long, empty, blocked by a filter. Other words may pass. */
  | 'refused'
  /** The message, thread or channel is deleted. */
  | 'gone'
  | 'forbidden'
  | 'archived'
  /** The interaction's token is dead: over 3 s before the first answer, or over 15 min. */
  | 'expired'
  /** The interaction has its first answer already. */
  | 'answered'
  | 'unauthorized';

export interface Refusal {
  readonly ok: false;
  readonly why: No;
  readonly code: string;
  readonly message: string;
}

export interface Accepted {
  readonly ok: true;
  readonly value: unknown;
}

export type Answered = Accepted | Refusal;

/** 50008: no text in that kind of channel; 40058: a forum takes threads only. */
const CODES: Readonly<Record<number, No>> = {
  10003: 'gone',
  10004: 'gone',
  10008: 'gone',
  10015: 'expired',
  10062: 'expired',
  40058: 'forbidden',
  40060: 'answered',
  50001: 'forbidden',
  50005: 'forbidden',
  50008: 'forbidden',
  50013: 'forbidden',
  50027: 'expired',
  50083: 'archived',
  160005: 'archived',
};

const STATUSES: Readonly<Record<number, No>> = { 401: 'unauthorized', 403: 'forbidden', 404: 'gone' };

/** Too slow, too early, too many: the only refusals that time heals. */
const PASSING: readonly number[] = [408, 425, 429];

function whyOf(status: number): No | undefined {
  return PASSING.includes(status) ? undefined : (STATUSES[status] ?? 'refused');
}

/** Long enough for a moment's trouble to pass; the relay backs off further by itself. */
const RETRY_MS = 1_000;

/** The "no" in this error. Throws TransientError where there is none. */
export function refusalIn(error: unknown): Refusal {
  if (error instanceof DiscordAPIError) {
    const why = CODES[Number(error.code)] ?? whyOf(error.status);
    if (why !== undefined) return { ok: false, why, code: String(error.code), message: error.message };
  }
  throw toTransient(error);
}

function toTransient(error: unknown): TransientError {
  if (error instanceof RateLimitError) {
    const retryAfterMs = Math.max(RETRY_MS, error.retryAfter, error.timeToReset);
    return new TransientError('Discord asks us to slow down.', { retryAfterMs });
  }
  return new TransientError(`Discord could not be asked: ${reasonOf(error)}`, { retryAfterMs: RETRY_MS });
}

/** A short reason that is safe to log. */
export function reasonOf(error: unknown): string {
  if (error instanceof HTTPError) return `status ${error.status}`;
  if (error instanceof DiscordAPIError) return `status ${error.status}, code ${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'AbortError') return 'no answer in time';
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}
