/** First answers by idempotency key, saved in the transaction of their effect and kept for 24 hours. */
import { eq, sql } from 'drizzle-orm';
import type { Answer } from '../core/ports.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { idempotencyKeys } from './access-schema.ts';

export const KEPT_MS = 24 * 60 * 60_000;

export interface KeptAnswer extends Answer {
  readonly fingerprint: string;
}

export type KeyTable = ReturnType<typeof createKeyTable>;

export function createKeyTable({ client, tables }: OpenDatabase) {
  const columns = ['key', 'fingerprint', 'status', 'body', 'leaseId', 'createdAt'] as const;
  const insert = prepareWrite(client, tables.insert(idempotencyKeys).values(params(columns)));
  const byKey = prepareRead(
    client,
    tables
      .select()
      .from(idempotencyKeys)
      .where(eq(idempotencyKeys.key, param('key'))),
  );
  const forget = prepareWrite(
    client,
    tables.delete(idempotencyKeys).where(eq(idempotencyKeys.key, param('key'))),
  );
  const purge = prepareWrite(
    client,
    tables
      .delete(idempotencyKeys)
      .where(
        sql`key IN (SELECT key FROM idempotency_keys WHERE created_at < ${param('before')} ORDER BY created_at LIMIT ${param('limit')})`,
      ),
  );

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
