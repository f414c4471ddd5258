/** The tables of what front ends remember of their own, as drizzle sees them. Threads are in `run-schema.ts`. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { tasks } from './schema.ts';

export const frontEndLinks = sqliteTable(
  'front_end_links',
  {
    frontEnd: text('front_end').notNull(),
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    kind: text().notNull(),
    channelId: text('channel_id').notNull(),
    messageId: text('message_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.frontEnd, t.taskId, t.kind] }),
    // Without it, deleting a task would read all links.
    index('front_end_links_task').on(t.taskId),
  ],
);

export const frontEndValues = sqliteTable(
  'front_end_values',
  { frontEnd: text('front_end').notNull(), name: text().notNull(), value: text().notNull() },
  (t) => [primaryKey({ columns: [t.frontEnd, t.name] })],
);
