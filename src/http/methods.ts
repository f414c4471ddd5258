/** What HTTP asks of a path that exists: OPTIONS says what it takes, any other method is refused by name. */
import { CLIENT_PATH, ENDPOINTS } from '../contract/endpoints.ts';
import { REQUEST_ID_HEADER } from './answers.ts';
import type { HttpApp } from './env.ts';
import { Refusal } from './refusal.ts';

/** Added last, so that it sees only what no route took. No CORS header is ever sent: browsers stay out. */
export function addMethodRefusals(app: HttpApp): void {
  for (const [path, methods] of methodsByPath()) {
    const allow = [...methods, 'OPTIONS'].join(', ');
    app.all(path, (c) => {
      if (c.req.method === 'OPTIONS') {
        return new Response(null, { status: 204, headers: { allow, [REQUEST_ID_HEADER]: c.var.requestId } });
      }
      throw new Refusal('method_not_allowed', `${c.req.path} takes ${allow}.`, { allow });
    });
  }
}

function methodsByPath(): Map<string, string[]> {
  const byPath = new Map<string, string[]>([[CLIENT_PATH, ['GET', 'HEAD']]]);
  for (const { method, path } of Object.values(ENDPOINTS)) {
    const methods = byPath.get(path) ?? [];
    byPath.set(path, [...methods, ...(method === 'GET' ? ['GET', 'HEAD'] : [method])]);
  }
  return byPath;
}
