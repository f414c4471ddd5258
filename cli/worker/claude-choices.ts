/** The model's own questions (`AskUserQuestion`), as questions to people and back. */
import { z } from 'zod';
import type { Question } from './executor.ts';

export interface Choice {
  readonly question: Question;
  /** The question as the model put it, by which it finds the answer. */
  readonly text: string;
}

const schema = z.object({
  questions: z
    .array(
      z.object({
        question: z.string(),
        header: z.string().optional(),
        multiSelect: z.boolean().optional(),
        options: z.array(z.object({ label: z.string(), description: z.string().optional() })).default([]),
      }),
    )
    .min(1),
});

/** Empty when the model asked nothing that could be shown: the tool then says so by itself. */
export function choicesOf(input: Readonly<Record<string, unknown>>): Choice[] {
  const parsed = schema.safeParse(input);
  if (!parsed.success) return [];
  return parsed.data.questions.map(({ question, header, multiSelect, options }, at) => ({
    text: question,
    question: {
      key: `${at + 1}`,
      // Several at once cannot be told by one button.
      kind: options.length === 0 || multiSelect === true ? 'text' : 'choice',
      title: header === undefined || header === '' ? 'Question' : header,
      detail: [question, ...options.map(toLine)].join('\n'),
      options: options.map(({ label }, index) => ({ id: `${index + 1}`, label })),
      rule: null,
      call: { tool: 'AskUserQuestion', input },
    },
  }));
}

export function withAnswers(
  input: Readonly<Record<string, unknown>>,
  answers: readonly (readonly [string, string])[],
): Record<string, unknown> {
  return { ...input, answers: Object.fromEntries(answers) };
}

function toLine({ label, description }: { label: string; description?: string | undefined }): string {
  return description === undefined || description === '' ? `- ${label}` : `- ${label}: ${description}`;
}
