/** Questions are never answered by time: people are reminded of one that stays open, once. */
import { append, type RunSaves } from './run-state.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { work, type Reads, type Work } from './work.ts';

const REMIND_AFTER_MS = 60 * 60_000;
const REMIND_BATCH = 100;

export function createQuestionReminders({ clock }: Pick<TaskServiceDeps, 'clock'>) {
  return {
    /** Resolves to how many questions it reminded of. */
    remind(): Work<number> {
      const askedBefore = new Date(clock.now().getTime() - REMIND_AFTER_MS);
      return work<'dueQuestions', number>(
        { read: 'dueQuestions', askedBefore, limit: REMIND_BATCH },
        ({ due }) => ({ result: due.length, runs: remindersOf(due, clock.now()) }),
      );
    },
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
