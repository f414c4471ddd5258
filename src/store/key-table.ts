/** First answers by idempotency key, saved in the transaction of their effect and kept for 24 hours. */
import { eq, sql } from 'drizzle-orm';
import type { Answer } from '../core/ports.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { idempotencyKeys } from './schema.ts';

export const KEPT_MS = 24 * 60 * 60_000;

export interface KeptAnswer extends Answer {
  readonly fingerprint: string;
}

export type KeyTable = ReturnType<typeof createKeyTable>;

export function createKeyTable({ tables }: OpenDatabase) {
  const columns = ['key', 'fingerprint', 'status', 'body', 'leaseId', 'createdAt'] as const;
  const insert = tables.insert(idempotencyKeys).values(params(columns)).prepare();
  const byKey = tables
    .select()
    .from(idempotencyKeys)
    .where(eq(idempotencyKeys.key, param('key')))
    .prepare();
  const forget = tables
    .delete(idempotencyKeys)
    .where(eq(idempotencyKeys.key, param('key')))
    .prepare();
  const purge = tables
    .delete(idempotencyKeys)
    .where(
      sql`key IN (SELECT key FROM idempotency_keys WHERE created_at < ${param('before')} ORDER BY created_at LIMIT ${param('limit')})`,
    )
    .prepare();

  return {
    /** A record past its time is forgotten on the way. */
    find(key: string, now: Date): KeptAnswer | null {
      const row = byKey.get({ key });
      if (row === undefined) return null;
      if (row.createdAt >= now.getTime() - KEPT_MS) return row;
      forget.run({ key });
      return null;
    },
    keep: (key: string, answer: KeptAnswer, now: Date) =>
      insert.run({ ...answer, key, createdAt: now.getTime() }),
    forget: (key: string) => forget.run({ key }),
    /** How many were dropped. */
    purge: (before: Date, limit: number) => purge.run({ before: before.getTime(), limit }).changes,
  };
}
