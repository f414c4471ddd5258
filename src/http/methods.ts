/** What HTTP asks of a path that exists: OPTIONS says what it takes, any other method is refused by name. */
import type { Context } from 'hono';
import { ATTACHMENT_PATH, CLIENT_PATH, ENDPOINTS, TRANSCRIPT_PATH } from '../contract/endpoints.ts';
import { REQUEST_ID_HEADER, SAFETY_HEADERS } from './answers.ts';
import type { HttpApp, HttpEnv } from './env.ts';
import { Refusal } from './refusal.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Added first: a fixed path such as `/api/tasks/claim` also looks like a task's, so what it does not
 * take is refused before the task's own routes are asked. What it does take passes without a step more.
 */
export function addFixedPathRefusals(app: HttpApp): void {
  for (const [path, methods] of methodsByPath()) {
    if (path.includes(':')) continue;
    const others = METHODS.filter((method) => !methods.includes(method));
    app.on(others, path, answerOther(methods));
  }
}

/** Added last, so that it sees only what no route took. No CORS header is ever sent: browsers stay out. */
export function addMethodRefusals(app: HttpApp): void {
  const fixedFirst = [...methodsByPath()].sort(
    ([a], [b]) => Number(a.includes(':')) - Number(b.includes(':')),
  );
  for (const [path, methods] of fixedFirst) app.all(path, answerOther(methods));
}

function answerOther(methods: readonly string[]) {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (c: Context<HttpEnv>): Response => {
    if (c.req.method === 'OPTIONS') {
      const headers = { ...SAFETY_HEADERS, allow, [REQUEST_ID_HEADER]: c.get('requestId') };
      return new Response(null, { status: 204, headers });
    }
    throw new Refusal('method_not_allowed', `${c.req.path} takes ${allow}.`, { allow });
  };
}

function methodsByPath(): Map<string, string[]> {
  const byPath = new Map<string, string[]>([
    [CLIENT_PATH, ['GET', 'HEAD']],
    [TRANSCRIPT_PATH, ['GET', 'HEAD', 'PUT', 'DELETE']],
    [ATTACHMENT_PATH, ['GET', 'HEAD']],
  ]);
  for (const { method, path } of Object.values(ENDPOINTS)) {
    const methods = byPath.get(path) ?? [];
    byPath.set(path, [...methods, ...(method === 'GET' ? ['GET', 'HEAD'] : [method])]);
  }
  return byPath;
}
