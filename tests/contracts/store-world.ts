/** What the store suites need of an implementation: a store on time that stands still, and the use cases. */
import { expect } from 'vitest';
import type { InstanceService } from '../../src/core/instance-service.ts';
import type { Store } from '../../src/core/ports.ts';
import type { RunService } from '../../src/core/run-service.ts';
import type { SweepService } from '../../src/core/sweep-service.ts';
import type { Task } from '../../src/core/task.ts';
import type { QueuePolicy } from '../../src/core/task-deps.ts';
import type { TaskService } from '../../src/core/task-service.ts';
import type { EventAction } from '../../src/core/vocabulary.ts';
import type { Work } from '../../src/core/work.ts';
import type { ManualClock } from '../support/clock.ts';

export interface StoreWorld {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly tasks: TaskService;
  readonly instances: InstanceService;
  readonly sweeps: SweepService;
  readonly runs: RunService;
  run<R>(work: Work<R>): Promise<R>;
}

export type OpenStoreWorld = (policy?: Partial<QueuePolicy>) => Promise<StoreWorld>;

export function submit(world: StoreWorld, wanted: Partial<Parameters<TaskService['submit']>[0]> = {}) {
  return world.run(world.tasks.submit({ description: 'Deploy new monitoring stack', ...wanted }));
}

/** Submits one task and lets this instance claim it. */
export async function claimed(world: StoreWorld, instanceId = 'mac') {
  const { id } = await submit(world);
  const claim = await world.run(world.tasks.claim(id, { instanceId }));
  return { id, leaseId: claim.leaseId, task: claim.task };
}

export async function actionsOf(world: StoreWorld, id: number): Promise<EventAction[]> {
  return (await world.store.events(id)).map((event) => event.action);
}

export async function taskOf(world: StoreWorld, id: number): Promise<Task> {
  const task = await world.store.task(id);
  if (task === null) throw new Error(`there is no task ${id}`);
  return task;
}

/** For `toThrow`: an expected refusal of this name. */
export function refusal(code: string, details: object = {}): Error {
  const wanted: unknown = expect.objectContaining({
    code,
    ...(Object.keys(details).length > 0 && { details: expect.objectContaining(details) as object }),
  });
  return wanted as Error;
}
