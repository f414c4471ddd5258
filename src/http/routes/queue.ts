/** The queue as a whole: counts, its switch, and the trail of who turned it. */
import type { Hono } from 'hono';
import { ENDPOINTS } from '../../contract/endpoints.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpEnv } from '../env.ts';
import { readPageQuery } from '../queries.ts';
import { toAuditEntry, toStats } from '../views.ts';

export function addQueueRoutes(app: Hono<HttpEnv>, { store, tasks, writes, clock }: RouteDeps): void {
  app.get(ENDPOINTS.stats.path, async (c) => ok(c, toStats(await store.counts(), clock.now())));

  app.get(ENDPOINTS.audit.path, async (c) => {
    const page = await store.adminEvents(readPageQuery(c));
    return ok(c, { entries: page.events.map(toAuditEntry), next_cursor: page.nextCursor });
  });

  const switches = [
    { endpoint: ENDPOINTS.pauseQueue, turn: tasks.pause },
    { endpoint: ENDPOINTS.resumeQueue, turn: tasks.resume },
  ];
  for (const { endpoint, turn } of switches) {
    app.post(endpoint.path, async (c) => {
      const text = await readText(c);
      const { reason, instance_id: instanceId } = parseBody(text, endpoint.body);
      const work = turn(reason ?? undefined, { speaker: instanceId ?? undefined });
      return writes.answer(c, text, { work, view: { body: (state) => state } });
    });
  }
}
