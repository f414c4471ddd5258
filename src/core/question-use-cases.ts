/** Questions: a run asks, a person answers, once. Whoever comes second is told what was answered already. */
import { DomainError } from './errors.ts';
import { missingScope } from './key.ts';
import { actOf, type Caller } from './ownership.ts';
import {
  BUDGET_OPTIONS,
  PERMISSION_OPTIONS,
  type Answer,
  type Question,
  type QuestionOption,
} from './question.ts';
import { settleRun, waitsFor } from './run-end.ts';
import { append, type RunSaves, type RunState } from './run-state.ts';
import { requireLiveRun, type RunCaller } from './run-use-cases.ts';
import { cancel } from './task-edits.ts';
import { isFinished, required, type Act, type Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import type { QuestionKind } from './vocabulary.ts';
import { work, type Outcome, type Reads, type Work } from './work.ts';

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
}

/** Who answers or replies. `name` is how people see them; without it the name of the key. */
export interface Person extends Caller {
  readonly name?: string | undefined;
}

/** People are reminded of an open question once, after this. */
const REMIND_AFTER_MS = 60 * 60_000;
const REMIND_BATCH = 100;

export function createQuestionUseCases({ clock }: Pick<TaskServiceDeps, 'clock'>) {
  return {
    ask(id: number, caller: RunCaller, asked: Asked): Work<Question> {
      return work<'runOfLease', Question>(
        { read: 'runOfLease', id, leaseId: caller.leaseId, questionKey: asked.key },
        (found) => {
          const { run, state } = requireLiveRun(found, id, caller);
          if (found.asked !== null) return { result: found.asked };
          const question = newQuestion(asked, found.nextQuestionId, {
            taskId: id,
            run: run.number,
            at: clock.now(),
          });
          return { result: question, runs: [askedSaves(question, state)], changedSomething: true };
        },
      );
    },

    /** `isOwn` asks for a task of the caller's own (see `reach`). */
    answer(questionId: number, person: Person, answer: Answer): Work<Question> {
      requireSubmit(person);
      return work<'question', Question>({ read: 'question', id: questionId }, (found) => {
        const question = requiredQuestion(found.question, questionId);
        const task = required(found.task, question.taskId);
        requireReach(task, person);
        requireFitting(question, answer);
        if (question.status === 'answered' && isSame(question.answer, answer)) return { result: question };
        if (question.status !== 'open') throw notOpen(question);
        const act = actOf(person, null, clock.now());
        const given = { ...question, ...givenBy(person, answer, act) };
        return answered(given, { task, state: found.run, act });
      });
    },

    /** Reminds of questions that have been open for long, each once. Resolves to how many. */
    remind(): Work<number> {
      const askedBefore = new Date(clock.now().getTime() - REMIND_AFTER_MS);
      return work<'dueQuestions', number>(
        { read: 'dueQuestions', askedBefore, limit: REMIND_BATCH },
        ({ due }) => ({ result: due.length, runs: remindersOf(due, clock.now()) }),
      );
    },
  };
}

/** Throws `not_permitted` for a key that may work and no more, by whatever way the call came. */
export function requireSubmit({ key }: Caller): void {
  if (key !== undefined && key.scope !== 'submit' && key.scope !== 'admin') throw missingScope(key, 'submit');
}

/** Throws `not_permitted` for a person whose reach is their own tasks. */
export function requireReach(task: Task, { reach, actor }: Caller): void {
  if (reach !== 'own' || task.createdBy === actor) return;
  const message = `Task #${task.id} was queued by somebody else; only for your own tasks you can answer and reply.`;
  throw new DomainError('not_permitted', message, { task_id: task.id });
}

/** How people see whoever it was. */
export function nameOf({ name, key, speaker }: Person): string {
  return name ?? key?.name ?? speaker ?? 'operator';
}

interface Where {
  readonly taskId: number;
  readonly run: number;
  readonly at: Date;
}

function newQuestion(asked: Asked, id: number, { taskId, run, at }: Where): Question {
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
function askedSaves(question: Question, state: RunState): RunSaves {
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

function requiredQuestion(question: Question | null, id: number): Question {
  if (question !== null) return question;
  throw new DomainError('task_not_found', `There is no question ${id}.`, { question_id: id });
}

/** Throws `invalid_input` for an answer that the question does not take. */
function requireFitting({ kind, options, isBudget }: Question, { option, text }: Answer): void {
  const ids = options.map(({ id }) => id);
  if (option !== null && !ids.includes(option)) {
    const takes = ids.length === 0 ? 'text' : `one of ${ids.join(', ')}`;
    throw new DomainError('invalid_input', `This question takes ${takes}, not the option "${option}".`, {
      field: 'option',
    });
  }
  const needsOption = kind === 'permission' || isBudget;
  if (option === null && needsOption) {
    throw new DomainError('invalid_input', `Send option: one of ${ids.join(', ')}.`, { field: 'option' });
  }
  if (option === null && text === null) throw new DomainError('invalid_input', 'Send option, text or both.');
}

function isSame(one: Answer | null, other: Answer): boolean {
  return one !== null && one.option === other.option && one.text === other.text;
}

function notOpen({ id, status, answer, answeredBy, options }: Question): DomainError {
  const label = options.find((option) => option.id === answer?.option)?.label ?? answer?.text ?? '';
  const message =
    status === 'answered'
      ? `Question ${id} was answered by ${answeredBy ?? 'somebody'} already: ${label}`
      : `Question ${id} is closed: its task has ended, or a new run asked again.`;
  return new DomainError('invalid_transition', message, { status });
}

function givenBy(person: Person, answer: Answer, { now }: Act) {
  return { status: 'answered' as const, answer, answeredAt: now, answeredBy: nameOf(person) };
}

interface Answering {
  readonly task: Task;
  readonly state: RunState | null;
  readonly act: Act;
}

function answered(question: Question, { task, state, act }: Answering): Outcome<Question> {
  if (state === null) return { result: question, runs: [{ questions: [question] }] };
  const work = workAfter(question, state);
  const rest = state.questions.filter(({ id }) => id !== question.id);
  if (isStop(question) && !isFinished(task)) {
    return stopped(question, { task, state: { ...state, work, questions: rest }, act });
  }
  return {
    result: question,
    runs: [{ work, questions: [question] }],
    unparked: isReadyAfter(task, rest) ? [task.id] : [],
  };
}

const isStop = ({ isBudget, answer }: Question) => isBudget && answer?.option === 'stop';

/** A parked task is ready as soon as none of its questions is open any more. */
function isReadyAfter({ status, parked }: Task, rest: readonly Question[]): boolean {
  const waited = parked?.kind === 'answer' || parked?.kind === 'budget';
  return status === 'pending' && waited && waitsFor(rest) === undefined;
}

function workAfter({ answer, rule, isBudget }: Question, { work }: RunState): RunState['work'] {
  const option = answer?.option;
  if (isBudget && option === 'more') return { ...work, grants: work.grants + 1 };
  if (isBudget && option === 'finish') return { ...work, isFinishing: true };
  if (option !== 'allow_task' || rule === null || work.rules.includes(rule)) return work;
  return { ...work, rules: [...work.rules, rule] };
}

function stopped(question: Question, { task, state, act }: Answering): Outcome<Question> {
  const why = `Stopped at its budget by ${question.answeredBy ?? 'somebody'}; its work is kept.`;
  const { change, saves } = settleRun(cancel(task, why, act), state);
  const told = { ...question, isTold: true };
  return {
    result: told,
    changes: [change],
    runs: [{ ...saves, questions: [...(saves?.questions ?? []), told] }],
  };
}

/** Several questions of one task are told one after the other, so their messages are numbered on. */
function remindersOf(due: Reads['dueQuestions']['gives']['due'], now: Date): readonly RunSaves[] {
  const works = new Map(due.map(({ work }) => [work.taskId, work]));
  return due.map(({ question, work: first }) => {
    const text = `Still waiting for an answer: ${question.title}`;
    const draft = { run: null, kind: 'question', text, data: { question_id: question.id }, at: now } as const;
    const told = append(works.get(question.taskId) ?? first, [draft]);
    works.set(question.taskId, told.work);
    return { ...told, questions: [{ ...question, repeatedAt: now }] };
  });
}
