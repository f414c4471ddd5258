/** The state of the queue and of the service itself. */
import { z } from 'zod';
import * as is from './primitives.ts';

export const Stats = z.object({
  pending: z.number(),
  in_progress: z.number(),
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  total: z.number(),
  oldest_pending_seconds: z.number().nullable(),
  paused: z.boolean(),
  instances: z.object({ idle: z.number(), working: z.number(), offline: z.number() }),
});
export type Stats = z.infer<typeof Stats>;

export const PauseQueue = z.object({
  reason: is.reason.nullish(),
  instance_id: is.nameText('instance_id').nullish(),
});
export const QueueAnswer = z.object({ paused: z.boolean(), reason: z.string().nullable() });
export type QueueAnswer = z.infer<typeof QueueAnswer>;

export const Health = z.object({
  status: z.string(),
  service: z.string(),
  version: z.string(),
  uptime_seconds: z.number(),
  discord: z.string(),
  database: z.string(),
  notifications: z.object({
    undelivered: z.number(),
    oldest_seconds: z.number().nullable(),
    blocked: z.boolean(),
    blocked_reason: z.string().nullable(),
  }),
  /** Only where backups are scheduled. */
  backup: z.object({ last_at: z.string().nullable(), ok: z.boolean() }).optional(),
});
export type Health = z.infer<typeof Health>;
