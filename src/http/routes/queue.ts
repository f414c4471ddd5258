/** The queue as a whole: counts, its switch, and the trail of who turned it. */
import { ENDPOINTS } from '../../contract/endpoints.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpApp } from '../env.ts';
import { mount } from '../mount.ts';
import { readPageQuery } from '../queries.ts';
import { toAuditEntry, toStats } from '../views.ts';

export function addQueueRoutes(app: HttpApp, { store, tasks, writes, keyring, clock }: RouteDeps): void {
  mount(app, 'stats', async (c) => ok(c, toStats(await store.counts(), clock.now())));

  mount(app, 'audit', async (c) => {
    const page = await store.adminEvents(readPageQuery(c));
    const entries = page.events.map((event) => toAuditEntry(event, keyring));
    return ok(c, { entries, next_cursor: page.nextCursor });
  });

  const switches = [
    { name: 'pauseQueue', turn: tasks.pause },
    { name: 'resumeQueue', turn: tasks.resume },
  ] as const;
  for (const { name, turn } of switches) {
    mount(app, name, async (c) => {
      const text = await readText(c);
      const { reason, instance_id: instanceId } = parseBody(c, text, ENDPOINTS[name].body);
      const work = turn(reason ?? undefined, { key: c.get('key'), speaker: instanceId ?? undefined });
      return writes.answer(c, text, { work, view: { body: (state) => state } });
    });
  }
}
