/** The one way a call of the contract gets its handler: with the scope that a key needs for it. */
import type { Context } from 'hono';
import { ENDPOINTS } from '../contract/endpoints.ts';
import { SCOPE_NEEDED, type EndpointName } from '../contract/scopes.ts';
import { requireScope } from '../core/key.ts';
import type { HttpApp, HttpEnv } from './env.ts';

type Handler = (c: Context<HttpEnv>) => Promise<Response>;

export function mount(app: HttpApp, name: EndpointName, handle: Handler): void {
  const { method, path } = ENDPOINTS[name];
  const needed = SCOPE_NEEDED[name];
  app.on(method, path, (c) => {
    if (needed !== 'open') requireScope(c.get('key'), needed);
    return handle(c);
  });
}
