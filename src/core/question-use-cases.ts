/** Questions: a run asks, a person answers, once. Whoever comes second is told what was answered already. */
import { askedSaves, newQuestion, type Asked } from './asked-question.ts';
import { DomainError } from './errors.ts';
import { grantedMore } from './grants.ts';
import { actOf } from './ownership.ts';
import { speakerOf } from './move.ts';
import { nameOf, requireReach, requireSubmit, type Person } from './person.ts';
import type { Answer, Question } from './question.ts';
import { settleRun, waitsFor } from './run-end.ts';
import type { RunState } from './run-state.ts';
import { requireLiveRun, type RunCaller } from './run-use-cases.ts';
import { cancel } from './task-edits.ts';
import { isFinished, required, type Act, type Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { work, type Outcome, type Work } from './work.ts';

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

    /** Throws `not_permitted` beyond the reach of the person, and `invalid_transition` for whoever comes second. */
    answer(questionId: number, person: Person, answer: Answer): Work<Question> {
      requireSubmit(person);
      return work<'question', Question>(
        { read: 'question', id: questionId },
        (found) => {
          const question = requiredQuestion(found.question, questionId);
          const task = required(found.task, question.taskId);
          requireReach(task, person);
          requireFitting(question, answer);
          if (question.status === 'answered' && isSame(question.answer, answer)) return { result: question };
          if (question.status !== 'open') throw notOpen(question);
          const act = actOf(person, null, clock.now());
          const given = { ...question, ...givenBy(person, answer, act) };
          return answered(given, { task, state: found.run, act });
        },
        speakerOf(person),
      );
    },

    /** The run has gone on without an answer to these questions. */
    left(taskId: number, questionIds: readonly number[]): Work<null> {
      return work<'task', null>({ read: 'task', id: taskId }, ({ run }) => {
        const open = (run?.questions ?? []).filter(
          ({ id, status }) => status === 'open' && questionIds.includes(id),
        );
        if (open.length === 0) return { result: null };
        return { result: null, runs: [{ questions: open.map((one) => ({ ...one, status: 'closed' })) }] };
      });
    },
  };
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
      : `Question ${id} is closed: its task has ended, its run went on, or a new one asked again.`;
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
    ...waitsAfter(task, rest),
  };
}

const isStop = ({ isBudget, answer }: Question) => isBudget && answer?.option === 'stop';

/** A parked task is ready as soon as none of its questions is open any more; else it waits for the next of them. */
function waitsAfter(
  { id, status, parked }: Task,
  rest: readonly Question[],
): Pick<Outcome<Question>, 'parked' | 'unparked'> {
  const waited = parked?.kind === 'answer' || parked?.kind === 'budget';
  if (status !== 'pending' || !waited) return {};
  const waits = waitsFor(rest);
  return waits === undefined ? { unparked: [id] } : { parked: [{ taskId: id, parked: waits }] };
}

function workAfter({ answer, rule, isBudget, budget }: Question, { work }: RunState): RunState['work'] {
  const option = answer?.option;
  if (isBudget && option === 'more') return grantedMore(work, budget);
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
