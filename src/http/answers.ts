/** Every answer is made here: JSON text, its status, and the few headers that all of them share. */
import type { Context } from 'hono';
import type { Answer } from '../core/ports.ts';
import type { HttpEnv } from './env.ts';

export const REQUEST_ID_HEADER = 'x-request-id';

/**
 * On every answer, whatever its type. Nothing here is a page: a browser must not guess a type, keep a copy, run
 * anything, frame it, send its address on, or hand it to another site.
 */
export const SAFETY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

export const COMMON_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  ...SAFETY_HEADERS,
};

export function answerJson(
  c: Context<HttpEnv>,
  answer: Answer,
  extra?: Readonly<Record<string, string>>,
): Response {
  return new Response(answer.body, {
    status: answer.status,
    headers: {
      ...COMMON_HEADERS,
      [REQUEST_ID_HEADER]: c.get('requestId'),
      ...extra,
    },
  });
}

export function ok(c: Context<HttpEnv>, body: unknown): Response {
  return answerJson(c, { status: 200, body: JSON.stringify(body), leaseId: null });
}
