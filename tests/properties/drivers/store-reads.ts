/** What the store says when it is only asked, in the shapes of the wire. */
import { claimantOf } from '../../../src/core/lanes.ts';
import type { Store } from '../../../src/core/ports.ts';
import { required } from '../../../src/core/task.ts';
import { waitingFor } from '../../../src/core/waiting-for.ts';
import type { TaskStatus } from '../../../src/core/vocabulary.ts';
import {
  toInstanceView,
  toLogEntry,
  toStats,
  toTaskView,
  toTaskViewOrNull,
  type Waits,
} from '../../../src/http/views.ts';
import type { ManualClock } from '../../support/clock.ts';
import type { Command, Read } from '../command.ts';
import type { Answer } from '../model/explain.ts';
import { byId } from './driver.ts';

const NAMELESS = { nameOf: (id: string) => id };

export function createStoreReads({ store, clock }: { store: Store; clock: ManualClock }) {
  const seen = <T>(view: (waits: Waits) => T) => store.look((facts) => view((one) => waitingFor(one, facts)));
  const task = async (id = 0) => required(await store.task(id), id);

  async function pagesOf(statuses: readonly TaskStatus[], limit: number): Promise<object[][]> {
    const pages: object[][] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await store.tasks({ statuses, limit, cursor });
      pages.push(await seen((waits) => page.tasks.map((one) => toTaskView(one, waits))));
      cursor = page.nextCursor;
    }
    return pages;
  }

  const readers: Readonly<Record<Read, (command: Command) => Promise<object>>> = {
    get: async ({ id }) => {
      const found = await task(id);
      return { task: await seen((waits) => toTaskView(found, waits)) };
    },
    logs: async ({ id }) => ({
      logs: (await store.events((await task(id)).id)).map((event) => toLogEntry(event, NAMELESS)),
    }),
    list: async ({ statuses = [], limit = 50 }) => ({ pages: await pagesOf(statuses, limit) }),
    peek: async ({ body }) => {
      const next = await store.nextReady(claimantOf({ ...body, instanceId: body.instance_id }));
      return { task: await seen((waits) => toTaskViewOrNull(next, waits)) };
    },
    stats: async () => toStats(await store.counts(), clock.now()),
    instances: async () => ({ instances: byId((await store.instances()).map(toInstanceView)) }),
  };

  return async (command: Command): Promise<Answer> => ({
    status: 200,
    body: await readers[command.do as Read](command),
  });
}
