/** The tables about runs of workers, as drizzle sees them. What holds for `schema.ts` holds here. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { BUDGETS, FAULTS, MESSAGE_KINDS, QUESTION_KINDS, QUESTION_STATUSES } from '../core/vocabulary.ts';
import { tasks } from './schema.ts';

/** What a task keeps from run to run. */
export const taskWork = sqliteTable('task_work', {
  taskId: integer('task_id')
    .primaryKey()
    .references(() => tasks.id),
  branch: text().notNull(),
  base: text(),
  sessionId: text('session_id'),
  sessionText: text('session_text'),
  runs: integer().notNull(),
  lastSeq: integer('last_seq').notNull(),
  replies: integer().notNull(),
  repliesTaken: integer('replies_taken').notNull(),
  /** JSON. */
  rules: text().notNull(),
  grants: integer().notNull(),
  /** JSON. */
  granted: text().notNull().default('{}'),
  isFinishing: integer('is_finishing').notNull(),
  summary: text(),
  overloads: integer().notNull(),
  /** JSON. */
  activity: text(),
  todo: text().notNull(),
});

/** They outlive their task, which they therefore do not refer to: what was spent stays known when tasks are retired. */
export const runs = sqliteTable(
  'runs',
  {
    leaseId: text('lease_id').primaryKey(),
    taskId: integer('task_id').notNull(),
    number: integer().notNull(),
    instanceId: text('instance_id').notNull(),
    account: text(),
    person: text(),
    submittedBy: text('submitted_by'),
    project: text(),
    model: text(),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at'),
    costUsd: real('cost_usd').notNull(),
    costEstimated: integer('cost_estimated').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    turns: integer().notNull(),
    durationMs: integer('duration_ms').notNull(),
    messages: integer().notNull(),
    fault: text({ enum: FAULTS }),
    isReported: integer('is_reported').notNull(),
  },
  (t) => [
    uniqueIndex('runs_of_task').on(t.taskId, t.number),
    index('runs_started').on(t.startedAt),
    index('runs_of_person')
      .on(t.person, t.startedAt, t.costUsd)
      .where(sql`person IS NOT NULL`),
    index('runs_faulty')
      .on(t.instanceId, t.endedAt)
      .where(sql`fault IS NOT NULL`),
  ],
);

export const runMessages = sqliteTable(
  'run_messages',
  {
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    seq: integer().notNull(),
    run: integer(),
    kind: text({ enum: MESSAGE_KINDS }).notNull(),
    text: text().notNull(),
    /** JSON. */
    data: text(),
    at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.seq] })],
);

export const replies = sqliteTable(
  'replies',
  {
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    number: integer().notNull(),
    text: text().notNull(),
    now: integer().notNull(),
    author: text().notNull(),
    authorName: text('author_name').notNull(),
    isInText: integer('is_in_text').notNull().default(0),
    at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.number] })],
);

export const questions = sqliteTable(
  'questions',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    run: integer().notNull(),
    key: text().notNull(),
    kind: text({ enum: QUESTION_KINDS }).notNull(),
    title: text().notNull(),
    detail: text().notNull(),
    /** JSON. */
    options: text().notNull(),
    rule: text(),
    call: text(),
    isBudget: integer('is_budget').notNull(),
    budget: text({ enum: BUDGETS }),
    status: text({ enum: QUESTION_STATUSES }).notNull(),
    askedAt: integer('asked_at').notNull(),
    repeatedAt: integer('repeated_at'),
    answeredAt: integer('answered_at'),
    answeredBy: text('answered_by'),
    /** JSON. */
    answer: text(),
    isTold: integer('is_told').notNull(),
  },
  (t) => [
    uniqueIndex('questions_of_run').on(t.taskId, t.run, t.key),
    // The id follows by itself.
    index('questions_status').on(t.status),
    index('questions_open')
      .on(t.askedAt)
      .where(sql`status = 'open'`),
  ],
);

/** Accounts that have nothing left, and until when. After that one run tries; the others follow once it got an answer. */
export const accountHolds = sqliteTable('account_holds', {
  account: text().primaryKey(),
  until: integer().notNull(),
  detail: text().notNull(),
  /** The lease of the run that tries. */
  probe: text(),
  /** How long it is where nobody says when the quota returns. */
  backOffMs: integer('back_off_ms').notNull(),
});

/** Files that came with a task; they lie beside the database. */
export const attachments = sqliteTable(
  'attachments',
  {
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    number: integer().notNull(),
    name: text().notNull(),
    type: text().notNull(),
    bytes: integer().notNull(),
    file: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.number] }), uniqueIndex('attachments_file').on(t.file)],
);

/** How far a front end has told a task's messages in the task's own thread. */
export const threadDeliveries = sqliteTable(
  'thread_deliveries',
  {
    frontEnd: text('front_end').notNull(),
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    /** Null until it is known. */
    threadId: text('thread_id'),
    /** The newest message that is told. */
    seq: integer().notNull(),
    /** JSON: what is being sent, so that a repeat sends the same; and what is edited in place. */
    state: text().notNull(),
    /** Nobody can be told there any more: deleted, or forbidden for good. */
    isClosed: integer('is_closed').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.frontEnd, t.taskId] }),
    index('thread_deliveries_task').on(t.taskId),
    index('thread_deliveries_thread').on(t.frontEnd, t.threadId),
  ],
);
