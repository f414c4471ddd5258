/**
 * The use cases that change tasks and the queue, one function each. Each returns a unit of work: what to read and
 * what to decide over it; nothing happens before the store runs it. Rules are in `task-*.ts` and
 * `ownership.ts`; here they meet callers, time and ids.
 */
import { createClaimUseCases } from './claim-use-cases.ts';
import { createEndUseCases } from './end-use-cases.ts';
import { createEditUseCases } from './edit-use-cases.ts';
import { createQueueUseCases } from './queue-use-cases.ts';
import type { TaskServiceDeps } from './task-deps.ts';

export type TaskService = ReturnType<typeof createTaskService>;

export function createTaskService(deps: TaskServiceDeps) {
  return {
    ...createClaimUseCases(deps),
    ...createEndUseCases(deps),
    ...createEditUseCases(deps),
    ...createQueueUseCases(deps),
  };
}
