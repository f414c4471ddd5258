/** What is told of instances: what each runs and since when, what a worker serves, and what holds it back. */
import type { InstanceWithWork } from '../../core/instance.ts';
import { inline } from './text.ts';
import { plural, relative } from './words.ts';

const NAME_LENGTH = 60;
const RUNNING_SHOWN = 5;
const WORDS_LENGTH = 120;
const PROBLEM_LENGTH = 200;

/** ` on #5 since 3 minutes ago, #7 since 1 hour ago`; empty while it runs nothing. */
export function runningText({ running }: InstanceWithWork): string {
  const tasks = running
    .slice(0, RUNNING_SHOWN)
    .map(({ taskId, since }) => `#${taskId} since ${relative(since)}`);
  const hidden = running.length - tasks.length;
  return tasks.length === 0 ? '' : ` on ${tasks.join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}`;
}

/** Null for what is no worker. */
export function servesText({ worker }: InstanceWithWork): string | null {
  if (worker === null) return null;
  const projects = worker.projects.map((project) => project ?? 'tasks without a project');
  const parts = [
    projects.length === 0 ? 'serves no project' : `serves ${projects.join(', ')}`,
    ...(worker.capabilities.length === 0 ? [] : [`has ${worker.capabilities.join(', ')}`]),
    plural(worker.concurrency, 'task at a time', 'tasks at a time'),
  ];
  return parts.map((part) => inline(part, WORDS_LENGTH)).join(' · ');
}

/** What keeps a worker that is there from taking tasks, or some of them. */
export function troublesOf({ status, worker, heldUntil }: InstanceWithWork): readonly string[] {
  if (status === 'offline') return [];
  const problem = worker?.problem ?? null;
  return [
    ...(heldUntil === null ? [] : [`held until ${relative(heldUntil)}: its account has no quota left`]),
    ...(problem === null ? [] : [inline(problem, PROBLEM_LENGTH)]),
  ];
}

/** One line for each worker that something keeps from working. */
export function troubleLines(instances: readonly InstanceWithWork[]): string[] {
  return instances.flatMap((instance) =>
    troublesOf(instance).map((trouble) => `⚠️ ${inline(instance.name, NAME_LENGTH)}: ${trouble}`),
  );
}
