/** Renews what was claimed on this machine, and tells what was lost, so that work on it stops. */
import type { HeartbeatAnswer } from '../../src/contract/instance.ts';
import type { Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError } from '../errors.ts';
import { timeLeft } from '../format.ts';
import type { Lease } from '../lease-file.ts';
import { safeLine } from '../text.ts';

/** As many as the server takes in one call. */
const MOST = 1000;

export async function run(deps: Deps): Promise<Outcome> {
  const { instanceId, instanceName } = deps.config();
  const remembered = deps.leases().all().slice(-MOST);
  const answer = await deps.api().heartbeat({
    instance_id: instanceId,
    instance_name: instanceName,
    lease_ids: remembered.map((lease) => lease.lease_id),
  });
  await save(deps, answer);
  const lost = answer.lost.map(({ lease_id, task_id, reason }) => {
    const id = task_id ?? remembered.find((lease) => lease.lease_id === lease_id)?.task_id;
    return `#${id ?? '?'} (${safeLine(reason)})`;
  });
  const lines = linesFor(answer, remembered, deps.host.now());
  if (lost.length === 0) return { json: answer, lines };
  const failure = new ClientError('lease_lost', `No longer held: ${lost.join(', ')}.`, {
    hint: 'Stop working on that; "claude-task-client show ID" tells what happened.',
  });
  return { json: answer, lines, failure };
}

async function save(deps: Deps, answer: HeartbeatAnswer): Promise<void> {
  const lostIds = answer.lost.map((lease) => lease.lease_id);
  if (answer.leases.length > 0) await deps.leases().renew(...answer.leases);
  if (lostIds.length > 0) await deps.leases().forget(...lostIds);
}

function linesFor(answer: HeartbeatAnswer, remembered: readonly Lease[], now: number): string[] {
  const lines = answer.leases.map(
    (lease) => `💓 #${lease.task_id} renewed (${timeLeft(lease.expires_at, now)})`,
  );
  if (remembered.length === 0) lines.push('Nothing to renew: no task was claimed on this machine.');
  for (const { task_id, expires_at } of answer.unclaimed) {
    lines.push(
      `⚠️ #${task_id} is held by this instance, but was not claimed here (${timeLeft(expires_at, now)})`,
    );
  }
  const known = new Set(answer.lost.map((lease) => lease.task_id));
  for (const id of answer.cancelled_task_ids) {
    if (!known.has(id)) lines.push(`🚫 #${id} was cancelled`);
  }
  return lines;
}
