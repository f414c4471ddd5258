/** Runs, questions and usage to the wire. */
import type { QuestionView } from '../contract/question.ts';
import type {
  AnsweredView,
  MessageView,
  ReplyView,
  RunStart as RunStartView,
  Signals as SignalsView,
} from '../contract/run.ts';
import type { UsageAnswer } from '../contract/usage.ts';
import type { Question, Reply } from '../core/question.ts';
import type { RunStart } from '../core/run-begin.ts';
import type { Usage, UsageGroup } from '../core/run-ports.ts';
import type { RunMessage } from '../core/run.ts';
import type { RunSignal } from '../core/signals.ts';

const iso = (date: Date | null) => (date === null ? null : date.toISOString());

export function toMessageView({ seq, run, kind, text, at }: RunMessage): MessageView {
  return { seq, run, kind, text, at: at.toISOString() };
}

export function toQuestionView(question: Question): QuestionView {
  return {
    id: question.id,
    task_id: question.taskId,
    kind: question.kind,
    title: question.title,
    detail: question.detail,
    options: question.options.map(({ id, label }) => ({ id, label })),
    rule: question.rule,
    status: question.status,
    asked_at: question.askedAt.toISOString(),
    answered_at: iso(question.answeredAt),
    answered_by: question.answeredBy,
    answer: question.answer,
  };
}

export function toReplyView({ number, text, authorName, now, isInText }: Reply): ReplyView {
  return { number, text, author: authorName, now, ...(isInText && { is_in_text: true }) };
}

function toAnsweredView(question: Question): AnsweredView {
  return {
    question: toQuestionView(question),
    key: question.key,
    rule: question.rule,
    call: question.call,
  };
}

export function toRunStartView(run: RunStart): RunStartView {
  const { spent } = run;
  return {
    number: run.number,
    branch: run.branch,
    base: run.base,
    session_id: run.sessionId,
    session_text: run.sessionText,
    has_transcript: run.hasTranscript,
    summary: run.summary,
    spent: {
      cost_usd: spent.costUsd,
      tokens: spent.inputTokens + spent.outputTokens,
      turns: spent.turns,
      minutes: spent.durationMs / 60_000,
    },
    grants: run.grants,
    granted: run.granted,
    is_finishing: run.isFinishing,
    rules: [...run.rules],
    replies_after: run.repliesTaken,
    replies: run.replies.map(toReplyView),
    answers: run.answers.map(toAnsweredView),
    attachments: run.attachments.map(({ number, name, type, bytes }) => ({ number, name, type, bytes })),
  };
}

export function toSignalsView(signals: readonly RunSignal[]): SignalsView {
  return {
    runs: signals.map((signal) => ({
      lease_id: signal.leaseId,
      task_id: signal.taskId,
      ended: signal.ended,
      reason: signal.reason,
      replies: signal.replies.map(toReplyView),
      answers: signal.answers.map(toAnsweredView),
    })),
  };
}

export function toUsageView({ total, groups }: { total: Usage; groups: readonly UsageGroup[] }): UsageAnswer {
  const { cost_usd: cost, ...rest } = toUsed(total);
  return {
    total_cost_usd: cost,
    ...rest,
    groups: groups.map((group) => ({ ...group.key, ...toUsed(group) })),
  };
}

function toUsed({ costUsd, tasks, inputTokens, outputTokens }: Usage) {
  return { cost_usd: costUsd, tasks, input_tokens: inputTokens, output_tokens: outputTokens };
}
