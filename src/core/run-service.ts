/**
 * The use cases about runs, for the API and for front ends alike: what workers report and ask, what people answer and
 * reply. Each returns a unit of work; nothing happens before the store runs it.
 */
import { createQuestionReminders } from './question-reminders.ts';
import { createQuestionUseCases } from './question-use-cases.ts';
import { createReplyUseCases } from './reply-use-cases.ts';
import { createRunUseCases } from './run-use-cases.ts';
import type { TaskServiceDeps } from './task-deps.ts';

export type RunService = ReturnType<typeof createRunService>;

export function createRunService(deps: Pick<TaskServiceDeps, 'clock'>) {
  return {
    ...createRunUseCases(deps),
    ...createQuestionUseCases(deps),
    ...createQuestionReminders(deps),
    ...createReplyUseCases(deps),
  };
}
