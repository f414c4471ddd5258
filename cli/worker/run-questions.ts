/** A run's questions to people: asked once, held until the answer comes or the patience is over. */
import type { AskQuestion } from '../../src/contract/question.ts';
import type { AnsweredView } from '../../src/contract/run.ts';
import type { QuestionView } from '../../src/contract/question.ts';
import type { RunClock } from './clock.ts';
import { cutEnd } from './cut.ts';
import type { Answered, Question } from './executor.ts';

export interface Questions {
  /** Null: nobody answered in time, or the run is at its end. */
  ask(question: Question): Promise<Answered | null>;
  /** Asked, and not waited for: the task waits with it. False: it was not taken. */
  put(question: Put): Promise<boolean>;
  /** Those that it waits for. */
  readonly waiting: () => number[];
  hear(answers: readonly AnsweredView[]): void;
  /** Nobody waits any longer. */
  readonly giveUp: () => void;
}

/** About the budget. */
export type Put = Pick<Question, 'key' | 'kind' | 'title' | 'detail' | 'options'>;

export interface QuestionsDeps {
  readonly post: (body: Omit<AskQuestion, 'lease_id'>) => Promise<QuestionView>;
  readonly holdMs: number;
  readonly clock: RunClock;
  /** Another question is waited for, or one less. */
  readonly changed: () => void;
  readonly redact: (text: string) => string;
}

const LONGEST_DETAIL = 4_000;
const LONGEST_TITLE = 200;
const LONGEST_CALL = 64_000;

export function createQuestions(deps: QuestionsDeps): Questions {
  const pending = new Map<number, (answered: Answered | null) => void>();
  let isOver = false;

  function wait(id: number): Promise<Answered | null> {
    return new Promise((resolve) => {
      const settle = (answered: Answered | null) => {
        callOff();
        if (pending.delete(id)) deps.changed();
        resolve(answered);
      };
      const callOff = deps.clock.after(deps.holdMs, () => {
        settle(null);
      });
      pending.set(id, settle);
      deps.changed();
    });
  }

  return {
    async ask(question) {
      const posted = await deps.post(toBody(question, deps.redact)).catch(() => null);
      if (posted === null || isOver) return null;
      return toAnswered(posted) ?? wait(posted.id);
    },
    put: (question) =>
      deps.post({ ...toBody({ ...question, rule: null, call: null }, deps.redact), is_budget: true }).then(
        () => true,
        () => false,
      ),
    waiting: () => [...pending.keys()],
    hear(answers) {
      for (const { question } of answers) {
        const answered = toAnswered(question);
        if (answered !== null) pending.get(question.id)?.(answered);
      }
    },
    giveUp() {
      isOver = true;
      for (const settle of [...pending.values()]) settle(null);
    },
  };
}

function toBody(question: Question, redact: (text: string) => string): Omit<AskQuestion, 'lease_id'> {
  const call = question.call === null ? null : JSON.stringify(question.call);
  return {
    key: question.key.slice(0, 100),
    kind: question.kind,
    title: cutLine(redact(question.title)) || 'Question',
    detail: cutEnd(redact(question.detail), LONGEST_DETAIL),
    options: question.options.slice(0, 25).map(({ id, label }) => ({ id, label: cutLine(label) || id })),
    rule: question.rule !== null && question.rule.length <= 500 ? question.rule : null,
    // One that is too long cannot be matched later; it is asked about again then.
    call: call === null || call.length > LONGEST_CALL ? null : call,
  };
}

function cutLine(text: string): string {
  const line = text.replace(/[\s\u0000-\u001f]+/g, ' ').trim();
  return line.length <= LONGEST_TITLE ? line : `${line.slice(0, LONGEST_TITLE - 1)}…`;
}

function toAnswered({ status, answer, answered_by: by }: QuestionView): Answered | null {
  if (status !== 'answered' || answer === null) return null;
  return { option: answer.option, text: answer.text, by: by ?? 'A person' };
}
