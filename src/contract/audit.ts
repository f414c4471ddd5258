/** The admin trail on the wire: what was done to the queue as a whole and its keys, and by whom. */
import { z } from 'zod';
import { ByKey } from './key.ts';

/** Read openly: a newer server may know more actions and fields. */
export const AuditEntry = z.object({
  id: z.number(),
  action: z.string(),
  actor: z.string(),
  key: ByKey.nullable(),
  details: z.record(z.string(), z.unknown()),
  timestamp: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditList = z.object({ entries: z.array(AuditEntry), next_cursor: z.string().nullable() });
export type AuditList = z.infer<typeof AuditList>;
