/**
 * Claims of an earlier process of this worker that died before it had made a folder for them: nothing of them is here
 * but the lease, which would keep the task from everybody until it expires, and then cost it an attempt.
 */
import type { Worker } from './open-worker.ts';
import type { Reach } from './worker-api.ts';
import { errorText } from './worker-log.ts';

/** `known`: leases of runs that lie here and could not be cleared up. */
export async function giveBackUnbegun(
  { kit }: Worker,
  known: ReadonlySet<unknown>,
  reach: Reach,
): Promise<void> {
  const { api, keeper, settings, log } = kit;
  const reason = 'The worker was interrupted before it had begun.';
  try {
    const { unclaimed } = await keeper.beat();
    for (const { task_id: id, lease_id } of unclaimed.filter((lease) => !known.has(lease.lease_id))) {
      const body = { instance_id: settings.name, lease_id, reason, cause: { kind: 'stopping' } } as const;
      await api.release(id, body, reach);
      log.info('a task that was not begun is given back', { task_id: id });
    }
  } catch (error) {
    log.warn('tasks of an earlier process could not be given back', { error: errorText(error) });
  }
}
