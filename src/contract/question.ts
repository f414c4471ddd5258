/** Questions on the wire: what a run must have answered, and by whom it was. */
import { z } from 'zod';
import { BUDGETS, QUESTION_KINDS, TEXT_LIMITS } from '../core/vocabulary.ts';
import * as is from './primitives.ts';

const Option = z.object({ id: z.string(), label: z.string() });

export const QuestionView = z.object({
  id: z.number(),
  task_id: z.number(),
  kind: z.string(),
  title: z.string(),
  detail: z.string(),
  options: z.array(Option),
  /** What `Allow for this task` would allow, in Claude Code's own syntax; null where it is not offered. */
  rule: z.string().nullish(),
  status: z.string(),
  asked_at: z.string(),
  answered_at: z.string().nullable(),
  answered_by: z.string().nullable(),
  answer: z.object({ option: z.string().nullable(), text: z.string().nullable() }).nullable(),
});
export type QuestionView = z.infer<typeof QuestionView>;
export const QuestionList = z.object({ questions: z.array(QuestionView) });
export const QuestionAnswer = z.object({ question: QuestionView });

/** Asking twice with the same key is asking once. */
export const AskQuestion = z.object({
  lease_id: is.leaseId,
  key: is.nameText('key'),
  kind: z.enum(QUESTION_KINDS, { error: `kind must be one of ${QUESTION_KINDS.join(', ')}.` }),
  title: is.filledText('title', 200),
  detail: is.longText('detail', TEXT_LIMITS.question),
  options: z
    .array(z.object({ id: is.nameText('options.id'), label: is.filledText('options.label', 200) }))
    .max(25, { error: 'options must not hold more than 25.' })
    .nullish(),
  rule: is.filledText('rule', 500).nullish(),
  call: is.longText('call', 64_000).nullish(),
  is_budget: z.boolean({ error: 'is_budget must be true or false.' }).nullish(),
  /** Which budget it is. */
  budget: z.enum(BUDGETS, { error: `budget must be one of ${BUDGETS.join(', ')}.` }).nullish(),
});
export type AskQuestion = z.input<typeof AskQuestion>;

export const GiveAnswer = z
  .object({
    option: is.nameText('option').nullish(),
    text: is.filledText('text', TEXT_LIMITS.reply).nullish(),
    instance_id: is.nameText('instance_id').nullish(),
  })
  .refine((body) => body.option != null || body.text != null, { error: 'Send option, text or both.' });
export type GiveAnswer = z.input<typeof GiveAnswer>;
