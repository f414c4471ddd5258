/** What the end of one run means for the worker: a fault of the machine holds it off, a success clears its name. */
import type { Worker } from './open-worker.ts';
import type { RunEnd } from './run-task.ts';
import type { ProjectSettings } from './settings.ts';

export function noteEnd({ kit, problems }: Worker, project: ProjectSettings, { verdict }: RunEnd): void {
  if (verdict.kind === 'complete') problems.clear(project.name);
  if (verdict.kind !== 'fault') return;
  const { fault, reason } = verdict;
  if (fault === 'disk') problems.hold(null, reason);
  else if (fault === 'key' || fault === 'billing') {
    // Every project that uses the account; a command needs none.
    const all = Object.values(kit.settings.projects).filter(({ executor }) => executor === 'claude');
    for (const { name } of all) problems.hold(name, reason);
  } else problems.hold(project.name, reason);
}
