/** Named keys. Their rows are never deleted: a revoked key still stands in the trail. */
import { eq, sql } from 'drizzle-orm';
import type { KeyChange, StoredKey } from '../core/key.ts';
import type { OpenDatabase } from './database.ts';
import { assigned, param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { toKey, toKeyRow } from './rows.ts';
import { apiKeys } from './access-schema.ts';

export type ApiKeyTable = ReturnType<typeof createApiKeyTable>;

export function createApiKeyTable({ client, tables }: OpenDatabase) {
  const columns = [
    'id',
    'name',
    'hash',
    'scope',
    'instanceId',
    'createdAt',
    'lastUsedAt',
    'revokedAt',
  ] as const;
  const insert = prepareWrite(client, tables.insert(apiKeys).values(params(columns)));
  const update = prepareWrite(
    client,
    tables
      .update(apiKeys)
      .set(assigned(['lastUsedAt', 'revokedAt']))
      .where(eq(apiKeys.id, param('id'))),
  );
  const byId = prepareRead(
    client,
    tables
      .select()
      .from(apiKeys)
      .where(eq(apiKeys.id, param('id'))),
  );
  const liveByName = prepareRead(
    client,
    tables
      .select()
      .from(apiKeys)
      .where(sql`name = ${param('name')} AND revoked_at IS NULL`),
  );
  const all = prepareRead(client, tables.select().from(apiKeys));

  const toKeyOrNull = (row: Parameters<typeof toKey>[0] | undefined): StoredKey | null =>
    row === undefined ? null : toKey(row);

  return {
    byId: (id: string) => toKeyOrNull(byId.get({ id })),
    liveByName: (name: string) => toKeyOrNull(liveByName.get({ name })),
    all: () => all.all({}).map(toKey).sort(oldestFirst),
    save({ before, after }: KeyChange): void {
      (before === null ? insert : update).run(toKeyRow(after));
    },
  };
}

function oldestFirst(one: StoredKey, other: StoredKey): number {
  return one.createdAt.getTime() - other.createdAt.getTime() || (one.id < other.id ? -1 : 1);
}
