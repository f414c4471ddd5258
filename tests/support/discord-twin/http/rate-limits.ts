import type { TwinClock } from '../clock.ts';
import type { RestCall } from '../rest/router.ts';

export interface RateLimitOptions {
  /** Messages to one channel within the window before a 429. */
  perChannel: number;
  windowMs: number;
}

interface RateLimitVerdict {
  readonly headers: Readonly<Record<string, string>>;
  /** Set when the request comes too early. */
  readonly retryAfterMs: number | undefined;
}

export interface RateLimits {
  count(call: RestCall): RateLimitVerdict;
}

/**
 * The X-RateLimit headers. Without options nothing is enforced and the headers always leave room, because
 * discord.js sleeps in real time as soon as they say that none is left.
 */
export function createRateLimits(clock: TwinClock, options?: RateLimitOptions): RateLimits {
  const windows = new Map<string, { startedAt: number; used: number }>();
  return {
    count(call) {
      const bucket = bucketOf(call);
      const isLimited =
        options !== undefined && /^POST \/channels\/\d+\/messages$/.test(`${call.method} ${call.path}`);
      if (!isLimited) {
        return {
          headers: headersOf(bucket, { limit: 50, remaining: 49, resetMs: 1_000 }, clock),
          retryAfterMs: undefined,
        };
      }
      const now = clock.now();
      const known = windows.get(bucket);
      const isOpen = known !== undefined && now - known.startedAt < options.windowMs;
      const window = isOpen ? known : { startedAt: now, used: 0 };
      windows.set(bucket, window);
      const resetMs = options.windowMs - (now - window.startedAt);
      const isOver = window.used >= options.perChannel;
      if (!isOver) window.used += 1;
      const remaining = Math.max(0, options.perChannel - window.used);
      const headers = headersOf(bucket, { limit: options.perChannel, remaining, resetMs }, clock);
      return { headers, retryAfterMs: isOver ? resetMs : undefined };
    },
  };
}

function bucketOf(call: RestCall): string {
  const [, kind = '', major = ''] = call.path.split('/');
  const shape = call.path
    .replaceAll(/\d{17,20}/g, ':id')
    .replace(/^\/(webhooks|interactions)\/:id\/[^/]+/, '/$1/:id/:token');
  return Buffer.from(`${call.method} ${shape} ${kind}/${major}`).toString('hex').slice(-32);
}

function headersOf(
  bucket: string,
  state: { limit: number; remaining: number; resetMs: number },
  clock: TwinClock,
): Record<string, string> {
  return {
    'x-ratelimit-limit': String(state.limit),
    'x-ratelimit-remaining': String(state.remaining),
    'x-ratelimit-reset': ((clock.now() + state.resetMs) / 1_000).toFixed(3),
    'x-ratelimit-reset-after': (state.resetMs / 1_000).toFixed(3),
    'x-ratelimit-bucket': bucket,
  };
}
