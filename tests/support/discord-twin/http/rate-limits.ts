import { createHash } from 'node:crypto';
import type { TwinClock } from '../clock.ts';
import type { RestCall } from '../rest/router.ts';

export interface RateLimitOptions {
  /** Messages to one channel within the window before a 429. */
  perChannel: number;
  windowMs: number;
  /** Edits in one channel within the window; left out: as many as one likes. Threads count as channels. */
  editsPerChannel?: number;
  /** Requests of the bot within the window over everything but interactions; Discord says 50 in a second. */
  global?: number;
}

interface RateLimitVerdict {
  readonly headers: Readonly<Record<string, string>>;
  /** Set when the request comes too early. */
  readonly retryAfterMs: number | undefined;
  readonly isGlobal: boolean;
}

export interface RateLimits {
  count(call: RestCall): RateLimitVerdict;
}

/**
 * The X-RateLimit headers. Without options nothing is enforced and the headers always leave room, because
 * discord.js sleeps in real time as soon as they say that none is left.
 */
export function createRateLimits(clock: TwinClock, options?: RateLimitOptions): RateLimits {
  const windows = new Map<string, Window>();
  /** Counts one more, unless the window is full. */
  const use = (key: string, limit: number, windowMs: number): Used => {
    const now = clock.now();
    const known = windows.get(key);
    const window =
      known !== undefined && now - known.startedAt < windowMs ? known : { startedAt: now, used: 0 };
    windows.set(key, window);
    const isOver = window.used >= limit;
    if (!isOver) window.used += 1;
    const resetMs = windowMs - (now - window.startedAt);
    return { limit, remaining: limit - window.used, resetMs, isOver };
  };
  return {
    count(call) {
      const bucket = bucketOf(call);
      const limit = limitOf(call, options);
      const open = { headers: headersOf(bucket, UNLIMITED, clock), retryAfterMs: undefined, isGlobal: false };
      if (options === undefined) return open;
      if (options.global !== undefined && !isExempt(call)) {
        const { isOver, resetMs } = use('global', options.global, options.windowMs);
        if (isOver) return { headers: {}, retryAfterMs: resetMs, isGlobal: true };
      }
      if (limit === undefined) return open;
      const used = use(bucket, limit, options.windowMs);
      const retryAfterMs = used.isOver ? used.resetMs : undefined;
      return { headers: headersOf(bucket, used, clock), retryAfterMs, isGlobal: false };
    },
  };
}

interface Window {
  readonly startedAt: number;
  used: number;
}

interface Used extends State {
  readonly isOver: boolean;
}

const UNLIMITED = { limit: 50, remaining: 49, resetMs: 1_000 };

function limitOf({ method, path }: RestCall, options: RateLimitOptions | undefined): number | undefined {
  if (/^POST \/channels\/\d+\/messages$/.test(`${method} ${path}`)) return options?.perChannel;
  return /^PATCH \/channels\/\d+\/messages\/\d+$/.test(`${method} ${path}`)
    ? options?.editsPerChannel
    : undefined;
}

/** Interactions carry their own token, and files come from elsewhere. */
function isExempt({ path }: RestCall): boolean {
  return /^\/(interactions|webhooks|attachments|ephemeral-attachments)\//.test(path);
}

function bucketOf(call: RestCall): string {
  const [, kind = '', major = ''] = call.path.split('/');
  const shape = call.path
    .replaceAll(/\d{17,20}/g, ':id')
    .replace(/^\/(webhooks|interactions)\/:id\/[^/]+/, '/$1/:id/:token');
  return createHash('md5').update(`${call.method} ${shape} ${kind}/${major}`).digest('hex');
}

interface State {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

function headersOf(bucket: string, state: State, clock: TwinClock): Record<string, string> {
  return {
    'x-ratelimit-limit': String(state.limit),
    'x-ratelimit-remaining': String(state.remaining),
    'x-ratelimit-reset': ((clock.now() + state.resetMs) / 1_000).toFixed(3),
    'x-ratelimit-reset-after': (state.resetMs / 1_000).toFixed(3),
    'x-ratelimit-bucket': bucket,
  };
}
