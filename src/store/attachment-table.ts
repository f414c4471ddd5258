/** `attachments`: which files came with a task. The files themselves lie beside the database. */
import { asc, getTableColumns, sql } from 'drizzle-orm';
import type { Attachment } from '../core/run-state.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import type { AttachmentRow } from './run-rows.ts';
import { attachments } from './run-schema.ts';

const COLUMNS = Object.keys(getTableColumns(attachments)) as (keyof AttachmentRow)[];

export function createAttachmentTable({ client, tables }: OpenDatabase) {
  const insert = prepareWrite(client, tables.insert(attachments).values(params(COLUMNS)));
  const ofTask = prepareRead(
    client,
    tables
      .select()
      .from(attachments)
      .where(sql`task_id = ${param('taskId')}`)
      .orderBy(asc(attachments.number)),
  );
  const byFile = prepareRead(
    client,
    tables
      .select({ taskId: attachments.taskId })
      .from(attachments)
      .where(sql`file = ${param('file')}`),
  );
  return {
    add: (attachment: Attachment) => insert.run({ ...attachment }),
    ofTask: (taskId: number): Attachment[] => ofTask.all({ taskId }),
    /** Null: no task has this file. */
    taskOf: (file: string): number | null => byFile.get({ file })?.taskId ?? null,
  };
}
