/** Tries again what may succeed later: a few times, with exponential back-off and full jitter. */
import { ClientError, isFinal } from './errors.ts';

export interface Pace {
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Patience {
  readonly tries: number;
  /** No new try starts later than this after the first one, or after `until`. */
  readonly withinMs: number;
  /** The time up to which any number of tries may start: whoever waits for a task waits for the server, too. */
  readonly until?: number | undefined;
  /** So long something that is not Athena may answer in its place: a proxy, say, while the server is restarted. */
  readonly foreignMs?: number | undefined;
  /** So long a server that is there may fail: it says so, or answers too late. As long as it is away where unsaid. */
  readonly failingMs?: number | undefined;
}

/** A server that hangs is asked twice (10 s each), one that refuses connections four times in about two seconds. */
export const USUAL: Patience = { tries: 4, withinMs: 18_000 };

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 5000;

export async function retry<T>(
  attempt: () => Promise<T>,
  pace: Pace,
  patience: Patience = USUAL,
): Promise<T> {
  const startedAt = pace.now();
  /** When what is there, be it Athena or not, began to fail; while nobody is, it does not. */
  let failsSince: number | undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ClientError) || isFinal(error)) throw error;
      const { isTransient = false, retryAfterMs = 0 } = error.facts;
      failsSince = sinceOf(failsSince, error, pace.now());
      const delay = delayBefore(tries, retryAfterMs, pace.random());
      const nextAt = pace.now() + delay;
      if (!isWorthIt(patience, { tries, startedAt, failsSince, nextAt, isTransient })) throw error;
      await pace.sleep(delay);
    }
  }
}

interface Next {
  readonly tries: number;
  readonly startedAt: number;
  readonly failsSince: number | undefined;
  readonly nextAt: number;
  readonly isTransient: boolean;
}

function sinceOf(before: number | undefined, error: ClientError, now: number): number | undefined {
  return isAway(error) ? undefined : (before ?? now);
}

/** Nobody is there, or it says that it will be. */
function isAway({ facts: { isTransient, isTimeout, status } }: ClientError): boolean {
  return isTransient === true && isTimeout !== true && [undefined, 429, 503].includes(status);
}

function isWorthIt(
  { tries: most, withinMs, until = -Infinity, foreignMs = 0, failingMs = Infinity }: Patience,
  { tries, startedAt, failsSince = Infinity, nextAt, isTransient }: Next,
): boolean {
  if (nextAt >= failsSince + (isTransient ? failingMs : foreignMs)) return false;
  return nextAt <= until || (tries < most && nextAt <= Math.max(startedAt, until) + withinMs);
}

/**
 * Anywhere between nothing and the doubled bound, so that many clients that failed together do not come back
 * together; never earlier than the server asked for.
 */
export function delayBefore(failures: number, retryAfterMs: number, random: number): number {
  const bound = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return retryAfterMs + random * bound;
}

/** `Retry-After` in seconds or as a date; undefined where it says neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
