/** Why a task is still waiting, in a few words for its line in the queue. */
import type { InstanceWithWork } from '../../core/instance.ts';
import type { Task } from '../../core/task.ts';
import type { QueueState } from '../../core/work.ts';
import { inline } from './text.ts';
import { plural, relative } from './words.ts';

export interface Surroundings {
  readonly queue: QueueState;
  readonly instances: readonly InstanceWithWork[];
  readonly now: Date;
}

/** Null: nothing stands in its way but the tasks before it. */
export function whyWaiting(task: Task, { queue, instances, now }: Surroundings): string | null {
  if (queue.paused) return 'the queue is paused';
  if (task.notBefore !== null && task.notBefore > now) return `not before ${relative(task.notBefore)}`;
  if (task.target !== null) return whyTargetDoesNot(task.target, instances);
  const online = instances.filter(({ status }) => status !== 'offline');
  if (online.length === 0) return 'no instance is online';
  const idle = online.filter(({ status }) => status === 'idle');
  if (idle.length > 0) return null;
  return online.length === 1
    ? 'the only instance online is busy'
    : `all ${plural(online.length, 'instance')} are busy`;
}

function whyTargetDoesNot(target: string, instances: readonly InstanceWithWork[]): string {
  const instance = instances.find(({ id }) => id === target);
  const name = inline(instance?.name ?? target, 50);
  if (instance === undefined) return `meant for ${name}, which was never seen`;
  if (instance.status === 'idle') return `meant for ${name}`;
  return `meant for ${name}, which is ${instance.status === 'working' ? 'busy' : 'offline'}`;
}
