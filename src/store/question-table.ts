/** `questions` and `replies`: what runs ask people, and what people tell runs. */
import { asc, getTableColumns, sql } from 'drizzle-orm';
import type { Question, Reply } from '../core/question.ts';
import type { RunStore } from '../core/run-ports.ts';
import type { OpenDatabase } from './database.ts';
import { assigned, param, params } from './placeholders.ts';
import { keyed, prepareRead, prepareWrite } from './prepared.ts';
import {
  toQuestion,
  toQuestionRow,
  toReply,
  toReplyRow,
  type QuestionRow,
  type ReplyRow,
} from './run-rows.ts';
import { questions, replies } from './run-schema.ts';

const COLUMNS = getTableColumns(questions);
const NAMES = Object.keys(COLUMNS) as (keyof QuestionRow)[];
const SELECTED = Object.values(COLUMNS)
  .map((column) => `"${column.name}"`)
  .join(', ');
const REPLY_COLUMNS = Object.keys(getTableColumns(replies)) as (keyof ReplyRow)[];
/** What may change of a question that was asked. */
const CHANGED = ['status', 'repeatedAt', 'answeredAt', 'answeredBy', 'answer', 'isTold'] as const;

type Query = Parameters<RunStore['questions']>[0];

export function createQuestionTable(database: OpenDatabase) {
  const reads = prepareReads(database);
  const writes = prepareWrites(database);
  const sequence = database.client
    .prepare("SELECT seq FROM sqlite_sequence WHERE name = 'questions'")
    .pluck();

  return {
    nextId: () => Number(sequence.get() ?? 0) + 1,
    byId(id: number): Question | null {
      const row = reads.byId.get({ id });
      return row === undefined ? null : toQuestion(row);
    },
    byKey(taskId: number, run: number, key: string): Question | null {
      const row = reads.byKey.get({ taskId, run, key });
      return row === undefined ? null : toQuestion(row);
    },
    /** Open ones, and those whose answer was not told; oldest first. */
    pendingOf: (taskId: number) => reads.pendingOf.all({ taskId }).map(toQuestion).sort(byAge),
    due: (before: Date, limit: number) => reads.due.all({ before: before.getTime(), limit }).map(toQuestion),
    list({ status, taskId, limit }: Query): Question[] {
      if (taskId !== undefined) {
        const all = reads.ofTask.all({ taskId }).map(toQuestion).sort(byAge).reverse();
        return all.filter((one) => status === undefined || one.status === status).slice(0, limit);
      }
      if (status === 'open') return reads.open.all({ limit }).map(toQuestion);
      const rows = status === undefined ? reads.all.all({ limit }) : reads.ofStatus.all({ status, limit });
      return rows.map(toQuestion);
    },
    save(question: Question): void {
      const row = toQuestionRow(question);
      if (writes.update.run({ ...row }).changes === 0) writes.insert.run({ ...row });
    },

    repliesAfter: (taskId: number, after: number) => reads.repliesAfter.all({ taskId, after }).map(toReply),
    saveReply: (reply: Reply) => writes.insertReply.run({ ...toReplyRow(reply) }),
  };
}

/** Those of one task are few, so they are sorted here. */
const byAge = (a: Question, b: Question) => a.id - b.id;

function prepareReads({ client, tables }: OpenDatabase) {
  const by = <V extends object>(rest: string) =>
    keyed<QuestionRow, V>(client.prepare(`SELECT ${SELECTED} FROM questions ${rest}`), NAMES, (values) => [
      values,
    ]);
  return {
    byId: by<{ id: number }>('WHERE id = :id'),
    byKey: by<{ taskId: number; run: number; key: string }>(
      'INDEXED BY questions_of_run WHERE task_id = :taskId AND run = :run AND key = :key',
    ),
    pendingOf: by<{ taskId: number }>(
      `INDEXED BY questions_of_run WHERE task_id = :taskId AND (status = 'open' OR (status = 'answered' AND is_told = 0))`,
    ),
    ofTask: by<{ taskId: number }>('INDEXED BY questions_of_run WHERE task_id = :taskId'),
    open: by<{ limit: number }>(
      "INDEXED BY questions_open WHERE status = 'open' ORDER BY asked_at DESC, id DESC LIMIT :limit",
    ),
    ofStatus: by<{ status: string; limit: number }>(
      'INDEXED BY questions_status WHERE status = :status ORDER BY id DESC LIMIT :limit',
    ),
    all: by<{ limit: number }>('ORDER BY id DESC LIMIT :limit'),
    due: by<{ before: number; limit: number }>(
      "INDEXED BY questions_open WHERE status = 'open' AND asked_at <= :before AND repeated_at IS NULL ORDER BY asked_at LIMIT :limit",
    ),
    repliesAfter: prepareRead(
      client,
      tables
        .select()
        .from(replies)
        .where(sql`task_id = ${param('taskId')} AND number > ${param('after')}`)
        .orderBy(asc(replies.number)),
    ),
  };
}

function prepareWrites({ client, tables }: OpenDatabase) {
  return {
    insert: prepareWrite(client, tables.insert(questions).values(params(NAMES))),
    update: prepareWrite(
      client,
      tables
        .update(questions)
        .set(assigned(CHANGED))
        .where(sql`id = ${param('id')}`),
    ),
    insertReply: prepareWrite(client, tables.insert(replies).values(params(REPLY_COLUMNS))),
  };
}
