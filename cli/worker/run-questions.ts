/** A run's questions to people: asked once, held until the answer comes or the patience is over. */
import type { AskQuestion } from '../../src/contract/question.ts';
import type { AnsweredView } from '../../src/contract/run.ts';
import type { QuestionView } from '../../src/contract/question.ts';
import type { RunClock } from './clock.ts';
import { cutEnd, cutMiddle, headOf, plain } from './cut.ts';
import type { Answered, Question } from './executor.ts';

export interface Questions {
  /** Null: nobody answered in time, or the run is at its end. Rejects where it was not taken: nobody will ever see it. */
  ask(question: Question, left?: AbortSignal): Promise<Answered | null>;
  /**
   * The call that asked has been answered. Only then: of several questions of one call the first may be answered and the
   * last not, and what is heard is not told to the next run.
   */
  took(keys: readonly string[]): void;
  /** Asked, and not waited for: the task waits with it. False: it was not taken. */
  put(question: Put): Promise<boolean>;
  /** Those that it waits for. */
  readonly waiting: () => number[];
  /** Whose answer it has gone on with, and those that it has left behind; the newest of them. */
  readonly heard: () => number[];
  readonly left: () => number[];
  hear(answers: readonly AnsweredView[]): void;
  /** Nobody waits any longer. */
  readonly giveUp: () => void;
}

/** About the budget. */
export type Put = Pick<Question, 'key' | 'kind' | 'title' | 'detail' | 'options'> &
  Pick<AskQuestion, 'budget'>;

export interface QuestionsDeps {
  readonly post: (body: Omit<AskQuestion, 'lease_id'>) => Promise<QuestionView>;
  readonly holdMs: number;
  readonly clock: RunClock;
  /** Another question is waited for, or one less. */
  readonly changed: () => void;
  readonly redact: (text: string) => string;
}

const LONGEST_DETAIL = 4_000;
const MOST_NAMED = 20;
const LONGEST_TITLE = 200;
const LONGEST_RULE = 500;
const LONGEST_CALL = 64_000;

type Outcome = Answered | 'left' | null;

export function createQuestions(deps: QuestionsDeps): Questions {
  const pending = new Map<number, (outcome: Outcome) => void>();
  const answers = new Map<string, number>();
  const heard: number[] = [];
  const left: number[] = [];
  let isOver = false;

  async function wait(id: number, leaving?: AbortSignal): Promise<Answered | null> {
    const { settle, outcome } = hold(deps, leaving);
    pending.set(id, settle);
    deps.changed();
    const found = await outcome;
    if (found === 'left') left.push(id);
    pending.delete(id);
    deps.changed();
    return found === 'left' ? null : found;
  }

  return {
    async ask(question, leaving) {
      const posted = await deps.post(toBody(question, deps.redact));
      if (isOver) return null;
      const answered = toAnswered(posted) ?? (await wait(posted.id, leaving));
      if (answered !== null) answers.set(question.key, posted.id);
      return answered;
    },
    took(keys) {
      const ids = keys.flatMap((key) => answers.get(key) ?? []);
      if (ids.length === 0) return;
      heard.push(...ids);
      deps.changed();
    },
    put: (question) => put(question, deps),
    waiting: () => [...pending.keys()],
    heard: () => heard.slice(-MOST_NAMED),
    left: () => left.slice(-MOST_NAMED),
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

function put({ budget, ...question }: Put, { post, redact }: QuestionsDeps): Promise<boolean> {
  const body = toBody({ ...question, rule: null, call: null }, redact);
  return post({ ...body, is_budget: true, budget }).then(
    () => true,
    () => false,
  );
}

/** Until somebody answers, nobody needs to any more, or the patience is over. */
function hold({ clock, holdMs }: Pick<QuestionsDeps, 'clock' | 'holdMs'>, leaving?: AbortSignal) {
  let settle: (outcome: Outcome) => void = () => {};
  const outcome = new Promise<Outcome>((resolve) => (settle = resolve));
  const leave = () => {
    settle('left');
  };
  const callOff = clock.after(holdMs, () => {
    settle(null);
  });
  leaving?.addEventListener('abort', leave);
  if (leaving?.aborted === true) leave();
  void outcome.then(() => {
    callOff();
    leaving?.removeEventListener('abort', leave);
  });
  return { settle, outcome };
}

function toBody(asked: Question, redact: (text: string) => string): Omit<AskQuestion, 'lease_id'> {
  const question = shown({ ...asked, detail: redact(asked.detail) });
  const { rule } = question;
  const call = question.call === null ? null : JSON.stringify(question.call);
  const isTold = (text: string) => redact(text) === text;
  const line = (text: string) => cutLine(plain(redact(text)));
  return {
    key: headOf(plain(question.key), 100),
    kind: question.kind,
    title: line(question.title) || 'Question',
    detail: cutEnd(question.detail, LONGEST_DETAIL),
    options: question.options.slice(0, 25).map(({ id, label }) => ({ id, label: line(label) || id })),
    // What is too long, or holds a secret, cannot be matched later; it is asked about again then.
    rule: rule !== null && rule.length <= LONGEST_RULE && isTold(rule) ? plain(rule) : null,
    call: call !== null && call.length <= LONGEST_CALL && isTold(call) ? call : null,
  };
}

const TOO_LONG =
  'This is too long to be shown whole, so it can only be denied: have it done in smaller steps, or by a script in a file.';

/** What nobody can read to its end, nobody can allow. */
function shown(question: Question): Question {
  if (question.kind !== 'permission' || question.detail.length <= LONGEST_DETAIL) return question;
  const detail = `${TOO_LONG}\n${cutMiddle(question.detail, LONGEST_DETAIL - TOO_LONG.length - 1)}`;
  return { ...question, detail, rule: null, options: question.options.filter(({ id }) => id === 'deny') };
}

function cutLine(text: string): string {
  const line = text.replace(/[\s\u0000-\u001f]+/g, ' ').trim();
  return line.length <= LONGEST_TITLE ? line : `${headOf(line, LONGEST_TITLE - 1)}…`;
}

function toAnswered({ status, answer, answered_by: by }: QuestionView): Answered | null {
  if (status !== 'answered' || answer === null) return null;
  return { option: answer.option, text: answer.text, by: by ?? 'A person' };
}
