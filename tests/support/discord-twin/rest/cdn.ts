import { refuse } from '../refusals.ts';
import type { World } from '../world/world.ts';
import { ok, type Route } from './router.ts';

/** The network that serves attachments, without proof and beside the API. A query signs each address. */
export function cdnRoutes(world: World): Route[] {
  return ['/attachments/:channel/:file/:name', '/ephemeral-attachments/:user/:file/:name'].map((pattern) => ({
    method: 'GET',
    pattern,
    auth: 'none',
    handle(call) {
      const file = call.query.has('hm') ? world.files.get(call.path) : undefined;
      if (file === undefined) refuse('unknownFile');
      return { ...ok(file.content), headers: { 'content-type': file.type ?? 'application/octet-stream' } };
    },
  }));
}
