import { isObject, type JsonObject } from '../json.ts';
import type { UploadedFile } from '../limits/message.ts';
import { refuse } from '../refusals.ts';

export interface RestCall {
  readonly method: string;
  /** Without `/api/v10` and without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly files: readonly UploadedFile[];
}

export interface RestAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `params` are the parts of the path written `:name`, in order. */
export type RestHandler = (call: RestCall, params: readonly string[]) => RestAnswer;

export interface Route {
  readonly method: string;
  readonly pattern: string;
  /** `none`: the interaction's token in the path is the proof. */
  readonly auth: 'bot' | 'none';
  readonly handle: RestHandler;
}

export interface MatchedRoute {
  readonly route: Route;
  readonly params: readonly string[];
}

export function findRoute(routes: readonly Route[], method: string, path: string): MatchedRoute | undefined {
  for (const route of routes) {
    if (route.method !== method) continue;
    const match = toRegExp(route.pattern).exec(path);
    if (match !== null) return { route, params: match.slice(1) };
  }
  return undefined;
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(/:[a-z]+/g, '([^/]+)')}$`);
}

export function bodyOf(call: RestCall): JsonObject {
  if (call.body === undefined) return {};
  return isObject(call.body) ? call.body : refuse('badJson');
}

export const ok = (body: unknown): RestAnswer => ({ status: 200, body });
export const created = (body: unknown): RestAnswer => ({ status: 201, body });
export const noContent: RestAnswer = { status: 204 };

/** 429 as Discord words it; `retry-after` is in seconds. */
export function rateLimited(retryAfterMs: number, isGlobal = false): RestAnswer {
  const seconds = retryAfterMs / 1_000;
  return {
    status: 429,
    body: { message: 'You are being rate limited.', retry_after: seconds, global: isGlobal },
    headers: {
      'retry-after': String(seconds),
      'x-ratelimit-scope': isGlobal ? 'global' : 'user',
      ...(isGlobal ? { 'x-ratelimit-global': 'true' } : {}),
    },
  };
}
