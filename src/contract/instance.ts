/** Instances on the wire, and the heartbeat. */
import { z } from 'zod';
import * as is from './primitives.ts';

export const InstanceView = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  current_task_id: z.number().nullable(),
  last_seen: z.string(),
});
export type InstanceView = z.infer<typeof InstanceView>;
export const InstanceList = z.object({ instances: z.array(InstanceView) });

/** More leases than any machine works on at once. */
const MAX_LEASE_IDS = 1000;

export const Heartbeat = z.object({
  instance_id: is.nameText('instance_id'),
  instance_name: is.nameText('instance_name').nullish(),
  lease_ids: z
    .array(is.leaseId, { error: 'lease_ids must be a list of lease ids.' })
    .max(MAX_LEASE_IDS, { error: `lease_ids must not name more than ${MAX_LEASE_IDS} leases.` })
    .nullish(),
});
export type Heartbeat = z.input<typeof Heartbeat>;

const RenewedLease = z.object({ task_id: z.number(), lease_id: z.string(), expires_at: z.string() });

export const HeartbeatAnswer = z.object({
  instance: InstanceView,
  leases: z.array(RenewedLease),
  lost: z.array(z.object({ lease_id: z.string(), task_id: z.number().nullable(), reason: z.string() })),
  unclaimed: z.array(RenewedLease),
  cancelled_task_ids: z.array(z.number()),
  heartbeat_seconds: z.number(),
});
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;
