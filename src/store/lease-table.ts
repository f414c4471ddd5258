/** `leases`: one row per claim, the history of attempts. The live part of a lease stands in `tasks`. */
import { eq, sql } from 'drizzle-orm';
import type { Lease, LeaseEnd } from '../core/lease.ts';
import type { OpenDatabase } from './database.ts';
import { assigned, param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { toLease, toLeaseRow } from './rows.ts';
import { leases } from './schema.ts';
import { columnsBy } from './using-index.ts';

export type LeaseTable = ReturnType<typeof createLeaseTable>;

export function createLeaseTable({ client, tables }: OpenDatabase) {
  const columns = ['leaseId', 'taskId', 'instanceId', 'attempt', 'lengthMs', 'claimedAt'] as const;
  const insert = prepareWrite(client, tables.insert(leases).values(params(columns)));
  const end = prepareWrite(
    client,
    tables
      .update(leases)
      .set(assigned(['endedAt', 'endedBy', 'outcome']))
      .where(sql`lease_id = ${param('leaseId')} AND ended_at IS NULL`),
  );
  const byId = prepareRead(
    client,
    tables
      .select()
      .from(leases)
      .where(eq(leases.leaseId, param('leaseId'))),
  );
  const ofTask = prepareRead(
    client,
    tables
      .select()
      .from(leases)
      .where(eq(leases.taskId, param('taskId'))),
  );
  const cancelled = columnsBy<{ instanceId: string; since: number }, { taskId: number }>(
    client,
    'task_id AS taskId',
    `leases INDEXED BY leases_cancelled
     WHERE outcome = 'cancelled' AND instance_id = :instanceId AND ended_at >= :since ORDER BY ended_at DESC LIMIT 1000`,
  );

  return {
    start: (lease: Lease) => insert.run(toLeaseRow(lease)),
    end: (ended: LeaseEnd) => end.run({ ...ended, endedAt: ended.endedAt.getTime() }),
    byId(leaseId: string): Lease | null {
      const row = byId.get({ leaseId });
      return row === undefined ? null : toLease(row);
    },
    /** Oldest claim first; few, so they are sorted here. */
    ofTask: (taskId: number) =>
      ofTask
        .all({ taskId })
        .map(toLease)
        .sort((a, b) => a.claimedAt.getTime() - b.claimedAt.getTime() || a.attempt - b.attempt),
    cancelledTaskIds(instanceId: string, since: Date): number[] {
      const rows = cancelled.all({ instanceId, since: since.getTime() });
      return [...new Set(rows.map(({ taskId }) => taskId))];
    },
  };
}
