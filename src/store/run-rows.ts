/** Rows about runs to domain and back, and nothing else. */
import type { InferSelectModel } from 'drizzle-orm';
import { NOTHING_GRANTED } from '../core/grants.ts';
import type { Question, Reply } from '../core/question.ts';
import type { Activity, MessageData, Run, RunMessage, TaskWork } from '../core/run.ts';
import type { Actor } from '../core/vocabulary.ts';
import type { attachments, questions, replies, runMessages, runs, taskWork } from './run-schema.ts';

export type RunRow = InferSelectModel<typeof runs>;
export type WorkRow = InferSelectModel<typeof taskWork>;
export type MessageRow = InferSelectModel<typeof runMessages>;
export type QuestionRow = InferSelectModel<typeof questions>;
export type ReplyRow = InferSelectModel<typeof replies>;
export type AttachmentRow = InferSelectModel<typeof attachments>;

const toDate = (ms: number | null) => (ms === null ? null : new Date(ms));
const toMs = (date: Date | null) => (date === null ? null : date.getTime());
const toFlag = (is: boolean) => (is ? 1 : 0);

export function toRun(row: RunRow): Run {
  const { costUsd, costEstimated, inputTokens, outputTokens, turns, durationMs, ...rest } = row;
  return {
    ...rest,
    startedAt: new Date(row.startedAt),
    endedAt: toDate(row.endedAt),
    totals: { costUsd, costEstimated: costEstimated === 1, inputTokens, outputTokens, turns, durationMs },
    isReported: row.isReported === 1,
  };
}

export function toRunRow({ totals, ...run }: Run): RunRow {
  return {
    ...run,
    ...totals,
    costEstimated: toFlag(totals.costEstimated),
    startedAt: run.startedAt.getTime(),
    endedAt: toMs(run.endedAt),
    isReported: toFlag(run.isReported),
  };
}

export function toWork(row: WorkRow): TaskWork {
  return {
    ...row,
    rules: JSON.parse(row.rules) as TaskWork['rules'],
    granted: { ...NOTHING_GRANTED, ...(JSON.parse(row.granted) as object) },
    isFinishing: row.isFinishing === 1,
    activity: row.activity === null ? null : toActivity(row.activity),
    todo: JSON.parse(row.todo) as TaskWork['todo'],
  };
}

function toActivity(text: string): Activity {
  const kept = JSON.parse(text) as { text: string; startedAt: number };
  return { text: kept.text, startedAt: new Date(kept.startedAt) };
}

export function toWorkRow(work: TaskWork): WorkRow {
  const { activity } = work;
  return {
    ...work,
    rules: JSON.stringify(work.rules),
    granted: JSON.stringify(work.granted),
    isFinishing: toFlag(work.isFinishing),
    activity:
      activity === null
        ? null
        : JSON.stringify({ text: activity.text, startedAt: activity.startedAt.getTime() }),
    todo: JSON.stringify(work.todo),
  };
}

export function toMessage(row: MessageRow): RunMessage {
  return {
    ...row,
    data: row.data === null ? null : (JSON.parse(row.data) as MessageData),
    at: new Date(row.at),
  };
}

export function toMessageRow(message: RunMessage): MessageRow {
  const data = message.data === null ? null : JSON.stringify(message.data);
  return { ...message, data, at: message.at.getTime() };
}

export function toQuestion(row: QuestionRow): Question {
  return {
    ...row,
    options: JSON.parse(row.options) as Question['options'],
    isBudget: row.isBudget === 1,
    askedAt: new Date(row.askedAt),
    repeatedAt: toDate(row.repeatedAt),
    answeredAt: toDate(row.answeredAt),
    answer: row.answer === null ? null : (JSON.parse(row.answer) as Question['answer']),
    isTold: row.isTold === 1,
  };
}

export function toQuestionRow(question: Question): QuestionRow {
  return {
    ...question,
    options: JSON.stringify(question.options),
    isBudget: toFlag(question.isBudget),
    askedAt: question.askedAt.getTime(),
    repeatedAt: toMs(question.repeatedAt),
    answeredAt: toMs(question.answeredAt),
    answer: question.answer === null ? null : JSON.stringify(question.answer),
    isTold: toFlag(question.isTold),
  };
}

export function toReply(row: ReplyRow): Reply {
  return {
    ...row,
    now: row.now === 1,
    isInText: row.isInText === 1,
    author: row.author as Actor,
    at: new Date(row.at),
  };
}

export function toReplyRow(reply: Reply): ReplyRow {
  return { ...reply, now: toFlag(reply.now), isInText: toFlag(reply.isInText), at: reply.at.getTime() };
}
