/** Counters kept by triggers, and the queue's own switch. */
import { eq } from 'drizzle-orm';
import type { QueueCounts } from '../core/ports.ts';
import { TASK_STATUSES } from '../core/vocabulary.ts';
import type { QueueState } from '../core/work.ts';
import type { OpenDatabase } from './database.ts';
import { assigned, param } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { queueState, taskCounts } from './schema.ts';

export type QueueTable = ReturnType<typeof createQueueTable>;

export function createQueueTable({ client, tables }: OpenDatabase) {
  const state = prepareRead(client, tables.select().from(queueState).where(eq(queueState.id, 1)));
  const setState = prepareWrite(
    client,
    tables
      .update(queueState)
      .set(assigned(['paused', 'reason']))
      .where(eq(queueState.id, param('id'))),
  );
  const counted = prepareRead(client, tables.select().from(taskCounts));

  return {
    state(): QueueState {
      const row = state.get({});
      return { paused: row?.paused === 1, reason: row?.reason ?? null };
    },
    setState: ({ paused, reason }: QueueState) => setState.run({ id: 1, paused: paused ? 1 : 0, reason }),
    counts(): QueueCounts['counts'] {
      const byStatus = new Map(counted.all({}).map(({ status, n }) => [status, n]));
      return Object.fromEntries(
        TASK_STATUSES.map((status) => [status, byStatus.get(status) ?? 0]),
      ) as QueueCounts['counts'];
    },
  };
}
