/** `admin_logs`: what was done to the queue as a whole and its keys. Rows are only ever added. */
import { desc, lt } from 'drizzle-orm';
import type { AdminDetails, AdminEvent, NewAdminEvent } from '../core/admin-event.ts';
import type { AdminPage } from '../core/ports.ts';
import type { Actor, AdminAction } from '../core/vocabulary.ts';
import { keysOf, toCursor } from './cursor.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { adminLogs } from './access-schema.ts';

const FROM_NEWEST = Number.MAX_SAFE_INTEGER;
const CURSOR = 'a';

export type AdminTable = ReturnType<typeof createAdminTable>;

export function createAdminTable({ client, tables }: OpenDatabase) {
  const columns = ['action', 'actor', 'details', 'keyId', 'timestamp'] as const;
  const insert = prepareWrite(client, tables.insert(adminLogs).values(params(columns)));
  const newest = prepareRead(
    client,
    tables
      .select()
      .from(adminLogs)
      .where(lt(adminLogs.id, param('below')))
      .orderBy(desc(adminLogs.id))
      .limit(param('limit')),
  );

  return {
    append: (event: NewAdminEvent) => insert.run(toRow(event)),
    page({ limit, cursor }: { limit: number; cursor?: string | undefined }): AdminPage {
      const [below = FROM_NEWEST] = cursor === undefined ? [] : keysOf(cursor, CURSOR, 1);
      // One row more than asked for tells whether there is a next page.
      const rows = newest.all({ below, limit: limit + 1 });
      const events = rows.slice(0, limit).map(toAdminEvent);
      const last = events.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { events, nextCursor: more ? toCursor(CURSOR, last.id) : null };
    },
  };
}

type Row = typeof adminLogs.$inferSelect;

function toAdminEvent(row: Row): AdminEvent {
  return {
    id: row.id,
    action: row.action as AdminAction,
    actor: row.actor as Actor,
    keyId: row.keyId,
    details: JSON.parse(row.details) as AdminDetails,
    timestamp: new Date(row.timestamp),
  };
}

function toRow(event: NewAdminEvent): Omit<Row, 'id'> {
  return { ...event, details: JSON.stringify(event.details), timestamp: event.timestamp.getTime() };
}
