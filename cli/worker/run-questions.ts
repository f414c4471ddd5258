/** A run's questions to people: asked once, held until the answer comes or the patience is over. */
import type { AskQuestion } from '../../src/contract/question.ts';
import type { AnsweredView } from '../../src/contract/run.ts';
import type { QuestionView } from '../../src/contract/question.ts';
import type { RunClock } from './clock.ts';
import { cutEnd, headOf, plain } from './cut.ts';
import type { Answered, Question } from './executor.ts';

export interface Questions {
  /** Null: nobody answered in time, or the run is at its end. Rejects where it was not taken: nobody will ever see it. */
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
const LONGEST_RULE = 500;
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
      const posted = await deps.post(toBody(question, deps.redact));
      if (isOver) return null;
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
  const { rule } = question;
  const call = question.call === null ? null : JSON.stringify(question.call);
  const isTold = (text: string) => redact(text) === text;
  const line = (text: string) => cutLine(plain(redact(text)));
  return {
    key: headOf(plain(question.key), 100),
    kind: question.kind,
    title: line(question.title) || 'Question',
    detail: cutEnd(redact(question.detail), LONGEST_DETAIL),
    options: question.options.slice(0, 25).map(({ id, label }) => ({ id, label: line(label) || id })),
    // What is too long, or holds a secret, cannot be matched later; it is asked about again then.
    rule: rule !== null && rule.length <= LONGEST_RULE && isTold(rule) ? plain(rule) : null,
    call: call !== null && call.length <= LONGEST_CALL && isTold(call) ? call : null,
  };
}

function cutLine(text: string): string {
  const line = text.replace(/[\s\u0000-\u001f]+/g, ' ').trim();
  return line.length <= LONGEST_TITLE ? line : `${headOf(line, LONGEST_TITLE - 1)}…`;
}

function toAnswered({ status, answer, answered_by: by }: QuestionView): Answered | null {
  if (status !== 'answered' || answer === null) return null;
  return { option: answer.option, text: answer.text, by: by ?? 'A person' };
}
