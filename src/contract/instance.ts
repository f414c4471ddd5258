/** Instances on the wire, and the heartbeat. */
import { z } from 'zod';
import * as is from './primitives.ts';

export const InstanceView = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  current_task_id: z.number().nullable(),
  last_seen: z.string(),
  /** What a worker serves; empty lists and one at a time for what is none. */
  projects: z.array(z.string().nullable()),
  capabilities: z.array(z.string()),
  concurrency: z.number().nullable(),
  running: z.array(z.object({ task_id: z.number(), since: z.string() })),
  /** Its account has nothing left until then. */
  held_until: z.string().nullable(),
  /** Why it takes no tasks, or not all, in a sentence. */
  problem: z.string().nullable(),
});
export type InstanceView = z.infer<typeof InstanceView>;
export const InstanceList = z.object({ instances: z.array(InstanceView) });

/** More leases than any machine works on at once. */
const MAX_LEASE_IDS = 1000;

/** What a worker says of itself. */
const WorkerStatus = z.object({
  /** Of this process: a second live one under the same name is refused with `name_in_use`. */
  session: is.nameText('session'),
  /** The session of a process of this worker that is known to be gone. */
  replaces: is.nameText('replaces').nullish(),
  projects: is.projects,
  capabilities: is.capabilities('capabilities', 100),
  concurrency: is.count('concurrency'),
  problem: is.shortText('problem').nullish(),
  /** Of its projects those that it takes nothing of now, because of that problem. */
  held: is.projects.nullish(),
  /** It leaves: its name is free at once. */
  leaves: z.boolean().nullish(),
});

export const Heartbeat = z.object({
  instance_id: is.nameText('instance_id'),
  instance_name: is.nameText('instance_name').nullish(),
  lease_ids: z
    .array(is.leaseId, { error: 'lease_ids must be a list of lease ids.' })
    .max(MAX_LEASE_IDS, { error: `lease_ids must not name more than ${MAX_LEASE_IDS} leases.` })
    .nullish(),
  worker: WorkerStatus.nullish(),
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
  /** For a worker: what its account's name is made with (an HMAC of the credential with this as the key). */
  account_salt: z.string().optional(),
});
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;
