/** Instances and their heartbeat. */
import { ENDPOINTS } from '../../contract/endpoints.ts';
import type { z } from 'zod';
import type { Heartbeat, HeartbeatAnswer } from '../../contract/instance.ts';
import type { HeartbeatAnswer as Heard } from '../../core/instance-service.ts';
import type { Renewal } from '../../core/work.ts';
import type { Announcement } from '../../core/worker.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpApp } from '../env.ts';
import { mount } from '../mount.ts';
import { toInstanceView } from '../views.ts';

export function addInstanceRoutes(app: HttpApp, { store, instances, writes, accountSalt }: RouteDeps): void {
  mount(app, 'instances', async (c) => ok(c, { instances: (await store.instances()).map(toInstanceView) }));

  mount(app, 'heartbeat', async (c) => {
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.heartbeat.body);
    const work = instances.heartbeat({
      instanceId: body.instance_id,
      instanceName: body.instance_name ?? undefined,
      leaseIds: body.lease_ids ?? undefined,
      worker: body.worker ? toAnnouncement(body.worker) : undefined,
    });
    const salt = body.worker ? { account_salt: await accountSalt() } : {};
    const view = { body: (heard: Heard) => ({ ...toHeartbeatAnswer(heard), ...salt }) };
    return writes.answer(c, text, { work, view });
  });
}

function toAnnouncement(said: NonNullable<z.output<typeof Heartbeat>['worker']>): Announcement {
  return {
    ...said,
    problem: said.problem ?? null,
    held: said.held ?? [],
    replaces: said.replaces ?? null,
    leaves: said.leaves ?? false,
  };
}

function toHeartbeatAnswer(heard: Heard): HeartbeatAnswer {
  const { instance } = heard;
  const status = instance.holdsLease ? 'working' : 'idle';
  return {
    instance: toInstanceView({ ...instance, status }),
    leases: heard.leases.map(toLease),
    lost: heard.lost.map((lease) => ({
      lease_id: lease.leaseId,
      task_id: lease.taskId,
      reason: lease.reason,
    })),
    unclaimed: heard.unclaimed.map(toLease),
    cancelled_task_ids: [...heard.cancelledTaskIds],
    heartbeat_seconds: heard.heartbeatSeconds,
  };
}

function toLease({ taskId, leaseId, expiresAt }: Renewal) {
  return { task_id: taskId, lease_id: leaseId, expires_at: expiresAt.toISOString() };
}
