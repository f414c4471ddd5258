/** The two calls that need no key: is it alive, and the client to talk to it with. */
import { readFile, stat } from 'node:fs/promises';
import { CLIENT_PATH } from '../../contract/endpoints.ts';
import type { Health } from '../../contract/stats.ts';
import { answerJson, REQUEST_ID_HEADER, SAFETY_HEADERS } from '../answers.ts';
import type { HttpDeps } from '../deps.ts';
import type { HttpApp } from '../env.ts';
import { mount } from '../mount.ts';
import { Refusal } from '../refusal.ts';

export function addOpenRoutes(app: HttpApp, deps: HttpDeps): void {
  const startedMs = deps.clock.monotonicMs();

  mount(app, 'health', async (c) => {
    const health = await readHealth(deps, Math.floor((deps.clock.monotonicMs() - startedMs) / 1000));
    return answerJson(c, {
      status: health.status === 'healthy' ? 200 : 503,
      body: JSON.stringify(health),
      leaseId: null,
    });
  });

  const readClient = createClientReader(deps.clientFile);
  app.get(CLIENT_PATH, async (c) => {
    const client = await readClient();
    if (client === null)
      throw new Refusal('not_found', 'This server was built without its client; run npm run build.');
    const headers = {
      ...SAFETY_HEADERS,
      'content-type': 'text/javascript; charset=utf-8',
      [REQUEST_ID_HEADER]: c.get('requestId'),
    };
    return new Response(client, { headers });
  });
}

/** Anybody may ask for it: however many do, slowly or not, they share one copy in memory. Null if it is not there. */
function createClientReader(file: string) {
  let kept: { readonly changedMs: number; readonly client: Promise<Uint8Array<ArrayBuffer>> } | null = null;
  return async (): Promise<Uint8Array<ArrayBuffer> | null> => {
    try {
      const { mtimeMs } = await stat(file);
      if (kept?.changedMs !== mtimeMs) kept = { changedMs: mtimeMs, client: readFile(file) };
      return await kept.client;
    } catch {
      kept = null;
      return null;
    }
  };
}

async function readHealth(deps: HttpDeps, uptimeSeconds: number): Promise<Health> {
  const base = { service: 'athena-bot', version: deps.version, uptime_seconds: uptimeSeconds };
  try {
    await deps.store.ping();
    const { discord, delivery } = await deps.frontEndHealth();
    const notifications = {
      undelivered: delivery.undelivered,
      oldest_seconds: delivery.oldestSeconds,
      blocked: delivery.blocked !== null,
      blocked_reason: delivery.blocked,
    };
    const backup = deps.backupHealth?.() ?? null;
    return {
      status: 'healthy',
      ...base,
      discord,
      database: 'ok',
      notifications,
      // A failed backup is worth a look, but takes nothing from whoever works with the queue.
      ...(backup !== null && { backup: { last_at: backup.lastAt?.toISOString() ?? null, ok: backup.isOk } }),
    };
  } catch (error) {
    deps.logger.error({ error }, 'the database cannot be read');
    const notifications = { undelivered: 0, oldest_seconds: null, blocked: false, blocked_reason: null };
    return { status: 'unhealthy', ...base, discord: 'unknown', database: 'failed', notifications };
  }
}
