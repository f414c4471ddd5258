/** Runs on the wire: what a worker is told with a claim, what it reports, and how a task's work stands. */
import { z } from 'zod';
import { BUDGETS, FAULTS, RUN_OUTCOMES, TEXT_LIMITS } from '../core/vocabulary.ts';
import { QuestionView } from './question.ts';
import * as is from './primitives.ts';

/** Of a task after its newest run. Money, tokens, turns and duration are sums over all runs. */
export const ResultView = z.object({
  outcome: z.string(),
  summary: z.string().nullable(),
  branch: z.string().nullable(),
  commit: z.string().nullable(),
  base: z.string().nullable(),
  files_changed: z.number().nullable(),
  insertions: z.number().nullable(),
  deletions: z.number().nullable(),
  cost_usd: z.number(),
  cost_estimated: z.boolean(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  turns: z.number(),
  duration_seconds: z.number(),
  session_id: z.string().nullable(),
  model: z.string().nullable(),
});
export type ResultView = z.infer<typeof ResultView>;

export const MessageView = z.object({
  seq: z.number(),
  run: z.number().nullable(),
  kind: z.string(),
  text: z.string(),
  at: z.string(),
});
export type MessageView = z.infer<typeof MessageView>;
export const MessageList = z.object({ messages: z.array(MessageView), truncated: z.boolean() });
export type MessageList = z.infer<typeof MessageList>;

/** Of one run, from its start. */
export const Totals = z.object(
  {
    cost_usd: is.amount('cost_usd'),
    cost_estimated: z.boolean({ error: 'cost_estimated must be true or false.' }),
    input_tokens: is.count('input_tokens'),
    output_tokens: is.count('output_tokens'),
    turns: is.count('turns'),
    duration_seconds: is.amount('duration_seconds'),
  },
  { error: 'totals must be what the run has used so far.' },
);
export type Totals = z.infer<typeof Totals>;

const messageText = is.messageText;

const todoStatus = z.enum(['pending', 'in_progress', 'completed'], {
  error: 'todo.status must be one of pending, in_progress, completed.',
});

/** One batch. `first` is the number of its first message, counted from 1 within the run; a batch may hold none. */
export const PostMessages = z.object({
  lease_id: is.leaseId,
  first: is.count('first'),
  messages: z
    .array(
      z.object({
        kind: z.enum(['text', 'tool', 'notice'], { error: 'kind must be one of text, tool, notice.' }),
        text: messageText,
        at: z.iso.datetime({ error: 'at must be an ISO 8601 time.' }).nullish(),
      }),
      { error: 'messages must be a list.' },
    )
    .max(200, { error: 'messages must not hold more than 200 messages.' }),
  totals: Totals.nullish(),
  session_id: is.nameText('session_id').nullish(),
  /** A word for the text of the task that the session was told last, once its transcript is kept; given back with a claim. */
  session_text: is.nameText('session_text').nullish(),
  base: is.nameText('base').nullish(),
  /** What runs right now; null: nothing. Left out: as before. */
  activity: z
    .object({
      text: is.shortText('activity.text'),
      started_at: z.iso.datetime({ error: 'started_at must be an ISO 8601 time.' }),
    })
    .nullish(),
  todo: z
    .array(z.object({ text: is.shortText('todo.text'), status: todoStatus }), {
      error: 'todo must be a list.',
    })
    .max(100, { error: 'todo must not hold more than 100 items.' })
    .nullish(),
});
export type PostMessages = z.input<typeof PostMessages>;
/** `next` is the number that the run's next message has. */
export const PostedMessages = z.object({ next: z.number() });

/** What a run says of itself at its end. */
export const RunReport = z.object({
  outcome: z.enum(RUN_OUTCOMES, { error: `outcome must be one of ${RUN_OUTCOMES.join(', ')}.` }),
  summary: is.longText('summary', TEXT_LIMITS.summary).nullish(),
  branch: is.nameText('branch').nullish(),
  commit: is.nameText('commit').nullish(),
  base: is.nameText('base').nullish(),
  files_changed: is.count('files_changed').nullish(),
  insertions: is.count('insertions').nullish(),
  deletions: is.count('deletions').nullish(),
  session_id: is.nameText('session_id').nullish(),
  session_text: is.nameText('session_text').nullish(),
  model: is.nameText('model').nullish(),
  totals: Totals,
  /** The number of the last reply that the run has taken in; 0 for none. */
  last_reply: is.count('last_reply'),
});
export type RunReport = z.input<typeof RunReport>;

/** Why a worker gives a task back. */
export const ReleaseCause = z.discriminatedUnion(
  'kind',
  [
    z.object({
      kind: z.literal('parked'),
      waits_for: z.enum(['answer', 'quota', 'budget'], {
        error: 'cause.waits_for must be one of answer, quota, budget.',
      }),
      until: z.iso.datetime({ error: 'until must be an ISO 8601 time.' }).nullish(),
    }),
    z.object({ kind: z.literal('overload') }),
    z.object({
      kind: z.literal('fault'),
      fault: z.enum(FAULTS, { error: `cause.fault must be one of ${FAULTS.join(', ')}.` }),
    }),
    z.object({ kind: z.literal('stopping') }),
  ],
  { error: 'cause.kind must be one of parked, overload, fault, stopping.' },
);
export type ReleaseCause = z.input<typeof ReleaseCause>;

/** The closing report of a run whose lease has ended, once, within 24 hours. It never changes the status. */
export const PostReport = z.object({
  lease_id: is.leaseId,
  report: RunReport,
  first: is.count('first'),
  messages: PostMessages.shape.messages,
});
export type PostReport = z.input<typeof PostReport>;
export const PostedReport = z.object({ accepted: z.boolean() });

export const ReplyView = z.object({
  number: z.number(),
  text: z.string(),
  author: z.string(),
  now: z.boolean(),
  /** The text of the task has it already. */
  is_in_text: z.boolean().optional(),
});
export type ReplyView = z.infer<typeof ReplyView>;

/** A question that was answered while nobody ran, or an answer that the run has not heard. `call` is JSON text. */
const AnsweredView = z.object({
  question: QuestionView,
  key: z.string(),
  rule: z.string().nullable(),
  call: z.string().nullable(),
});
export type AnsweredView = z.infer<typeof AnsweredView>;

/** What a worker needs to begin; part of the answer to a claim that names a `session`. */
export const RunStart = z.object({
  number: z.number(),
  branch: z.string(),
  base: z.string().nullable(),
  session_id: z.string().nullable(),
  session_text: z.string().nullish(),
  has_transcript: z.boolean(),
  summary: z.string().nullable(),
  /** By all earlier runs. */
  spent: z.object({ cost_usd: z.number(), tokens: z.number(), turns: z.number(), minutes: z.number() }),
  /** How often more was granted in all; each adds every budget once more for a worker that does not know `granted`. */
  grants: z.number(),
  /** How often each budget was granted once more. */
  granted: z.record(z.enum(BUDGETS), z.number()).optional(),
  /** Only deliver what is there, and complete with the outcome `budget`. */
  is_finishing: z.boolean(),
  rules: z.array(z.string()),
  /** The number of the last reply that earlier runs have taken in. */
  replies_after: z.number(),
  replies: z.array(ReplyView),
  answers: z.array(AnsweredView),
  attachments: z.array(
    z.object({ number: z.number(), name: z.string(), type: z.string(), bytes: z.number() }),
  ),
});
export type RunStart = z.infer<typeof RunStart>;

/** What a worker knows of each run; answered as soon as there is more to know of one of them. */
export const AskSignals = z.object({
  instance_id: is.nameText('instance_id'),
  wait_seconds: is.waitSeconds.nullish(),
  runs: z
    .array(
      z.object({
        lease_id: is.leaseId,
        /** The newest reply that it knows. */
        replies_after: is.count('replies_after'),
        /** Questions whose answer it waits for. */
        questions: z.array(is.count('questions'), { error: 'questions must be a list.' }).max(100),
        /** Questions whose answer it has gone on with. */
        heard: z.array(is.count('heard')).max(100).nullish(),
        /** Questions that it has left behind: nobody needs to answer them any more. */
        left: z.array(is.count('left')).max(100).nullish(),
      }),
      { error: 'runs must be a list.' },
    )
    .max(200, { error: 'runs must not name more than 200 runs.' }),
});
export type AskSignals = z.input<typeof AskSignals>;

/** Only runs with news. `ended`: the lease is gone, and `reason` says how (`cancelled`, `expired`, ...). */
export const Signals = z.object({
  runs: z.array(
    z.object({
      lease_id: z.string(),
      task_id: z.number().nullable(),
      ended: z.boolean(),
      reason: z.string().nullable(),
      replies: z.array(ReplyView),
      answers: z.array(AnsweredView),
    }),
  ),
});
export type Signals = z.infer<typeof Signals>;

export const PostReply = z.object({
  text: is.filledText('text', TEXT_LIMITS.reply),
  now: z.boolean({ error: 'now must be true or false.' }).nullish(),
  instance_id: is.nameText('instance_id').nullish(),
});
export type PostReply = z.input<typeof PostReply>;
export const PostedReply = z.object({ reply_id: z.number(), delivery: z.string() });
