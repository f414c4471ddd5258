/** What front ends remember over restarts: messages that belong to tasks, and named values. */
import { sql } from 'drizzle-orm';
import type { FrontEndMemory, Link } from '../core/ports.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { frontEndLinks, frontEndValues } from './front-end-schema.ts';

export type Remembered = Parameters<FrontEndMemory['save']>[0];

export function createMemoryTable({ client, tables }: OpenDatabase) {
  const ofLink = sql`front_end = ${param('frontEnd')} AND task_id = ${param('taskId')} AND kind = ${param('kind')}`;
  const ofValue = sql`front_end = ${param('frontEnd')} AND name = ${param('name')}`;
  const link = prepareRead(client, tables.select().from(frontEndLinks).where(ofLink));
  const value = prepareRead(client, tables.select().from(frontEndValues).where(ofValue));
  const unlink = prepareWrite(client, tables.delete(frontEndLinks).where(ofLink));
  const forget = prepareWrite(client, tables.delete(frontEndValues).where(ofValue));
  const addLink = prepareWrite(
    client,
    tables
      .insert(frontEndLinks)
      .values(params(['frontEnd', 'taskId', 'kind', 'channelId', 'messageId']))
      .onConflictDoUpdate({
        target: [frontEndLinks.frontEnd, frontEndLinks.taskId, frontEndLinks.kind],
        set: { channelId: sql`excluded.channel_id`, messageId: sql`excluded.message_id` },
      }),
  );
  const setValue = prepareWrite(
    client,
    tables
      .insert(frontEndValues)
      .values(params(['frontEnd', 'name', 'value']))
      .onConflictDoUpdate({
        target: [frontEndValues.frontEnd, frontEndValues.name],
        set: { value: sql`excluded.value` },
      }),
  );

  return {
    link(frontEnd: string, taskId: number, kind: string): Link | null {
      const row = link.get({ frontEnd, taskId, kind });
      return row === undefined ? null : { channelId: row.channelId, messageId: row.messageId };
    },
    value: (frontEnd: string, name: string) => value.get({ frontEnd, name })?.value ?? null,
    /** Inside a transaction. */
    save(frontEnd: string, remembered: Remembered): void {
      for (const gone of remembered.unlink ?? []) unlink.run({ frontEnd, ...gone });
      for (const found of remembered.links ?? []) addLink.run({ frontEnd, ...found });
      for (const [name, text] of Object.entries(remembered.values ?? {})) {
        if (text === null) forget.run({ frontEnd, name });
        else setValue.run({ frontEnd, name, value: text });
      }
    },
  };
}
