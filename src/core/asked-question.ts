/** A question as a run asks it, with the options that belong to its kind. */
import { BUDGET_OPTIONS, PERMISSION_OPTIONS, type Question, type QuestionOption } from './question.ts';
import { append, type RunSaves, type RunState } from './run-state.ts';
import type { Budget, QuestionKind } from './vocabulary.ts';

export interface Asked {
  readonly key: string;
  readonly kind: QuestionKind;
  readonly title: string;
  readonly detail: string;
  /** Null: those that belong to its kind. */
  readonly options: readonly QuestionOption[] | null;
  readonly rule: string | null;
  readonly call: string | null;
  readonly isBudget: boolean;
  readonly budget: Budget | null;
}

interface Where {
  readonly taskId: number;
  readonly run: number;
  readonly at: Date;
}

export function newQuestion(asked: Asked, id: number, { taskId, run, at }: Where): Question {
  return {
    ...asked,
    id,
    taskId,
    run,
    options: optionsOf(asked),
    status: 'open',
    askedAt: at,
    repeatedAt: null,
    answeredAt: null,
    answeredBy: null,
    answer: null,
    isTold: false,
  };
}

const LABELS: Readonly<Record<string, string>> = {
  allow_once: 'Allow once',
  allow_task: 'Allow for this task',
  deny: 'Deny',
  more: 'Continue with the same amount again',
  finish: 'Finish with what is there',
  stop: 'Stop',
};

/** Without a rule there is nothing that could be allowed for the whole task. */
function optionsOf({ kind, options, rule, isBudget }: Asked): readonly QuestionOption[] {
  const own = options ?? defaultsOf(kind, isBudget).map((id) => ({ id, label: LABELS[id] ?? id }));
  return own.filter(({ id }) => kind !== 'permission' || id !== 'allow_task' || rule !== null);
}

function defaultsOf(kind: QuestionKind, isBudget: boolean): readonly string[] {
  if (isBudget) return BUDGET_OPTIONS;
  return kind === 'permission' ? PERMISSION_OPTIONS : [];
}

/** A new run asks again what it needs: what earlier ones asked is closed by that. */
export function askedSaves(question: Question, state: RunState): RunSaves {
  const replaced = state.questions.filter(({ status, run }) => status === 'open' && run < question.run);
  const draft = {
    run: question.run,
    kind: 'question',
    text: textOf(question),
    data: { question_id: question.id },
    at: question.askedAt,
  } as const;
  return {
    ...append(state.work, [draft]),
    questions: [...replaced.map((one) => ({ ...one, status: 'closed' as const })), question],
  };
}

function textOf({ title, detail }: Question): string {
  return detail.trim() === '' ? title : `${title}\n${detail}`;
}
