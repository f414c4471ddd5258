/** The tables about who calls, as drizzle sees them: keys, what was done with them, and calls that were answered before. */
import { sql } from 'drizzle-orm';
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { KEY_SCOPES } from '../core/vocabulary.ts';
import { words } from './schema.ts';

export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    key: text().primaryKey(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    body: text().notNull(),
    leaseId: text('lease_id'),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [index('idempotency_keys_age').on(t.createdAt)],
);

/** Named keys. Only a hash of the secret part is kept; a revoked key stays, for the trail names it. */
export const apiKeys = sqliteTable(
  'api_keys',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    hash: text().notNull(),
    scope: text({ enum: KEY_SCOPES }).notNull(),
    /** The one instance that this key may speak for. */
    instanceId: text('instance_id'),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
    revokedAt: integer('revoked_at'),
  },
  (t) => [
    uniqueIndex('api_keys_name')
      .on(t.name)
      .where(sql`revoked_at IS NULL`),
    check('api_keys_scope', sql`scope IN (${words(KEY_SCOPES)})`),
    check('api_keys_instance', sql`instance_id IS NULL OR scope = 'worker'`),
  ],
);

/** What was done to the queue as a whole or to its keys, and by whom. Rows are only ever added. */
export const adminLogs = sqliteTable('admin_logs', {
  id: integer().primaryKey({ autoIncrement: true }),
  action: text().notNull(),
  actor: text().notNull(),
  details: text().notNull(),
  keyId: text('key_id'),
  timestamp: integer().notNull(),
});
