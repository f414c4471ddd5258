/**
 * The use cases that change tasks and the queue, one function each. Each returns a unit of work: what to read and
 * what to decide over it; nothing happens before the store runs it. Rules are in `task-*.ts` and
 * `ownership.ts`; here they meet callers, time and ids.
 */
import { createClaimUseCases } from './claim-use-cases.ts';
import { createEndUseCases } from './end-use-cases.ts';
import { createEditUseCases } from './edit-use-cases.ts';
import { createQueueUseCases } from './queue-use-cases.ts';
import { createLimits } from './run-limits.ts';
import type { Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { waitingFor, type QueueFacts } from './waiting-for.ts';

export type TaskService = ReturnType<typeof createTaskService>;

export function createTaskService(given: Omit<TaskServiceDeps, 'limitsAt'>) {
  const deps = { ...given, limitsAt: createLimits(given.policy.limits ?? null) };
  return {
    ...createClaimUseCases(deps),
    ...createEndUseCases(deps),
    ...createEditUseCases(deps),
    ...createQueueUseCases(deps),
    limits: () => deps.limitsAt(deps.clock.now()),
    /** What a task waits for, by the facts of one moment. */
    waits: (facts: QueueFacts) => {
      const limits = deps.limitsAt(deps.clock.now());
      return (task: Task) => waitingFor(task, facts, limits);
    },
  };
}
