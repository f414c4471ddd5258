/** What can be done with the work of one run, one thing at a time: a save must not meet the delivery. */
import { deliver, type Delivered, type DeliveryDeps, type DeliveryWanted } from './delivery.ts';
import { dropSaves, isOvertaken } from './save-refs.ts';
import { saveWorkspace, type Saved } from './save.ts';
import type { ProjectSettings } from './settings.ts';
import type { Workspace } from './workspace-shape.ts';

export interface RunWork {
  /** Rejects with `GitError` where not even this machine could keep it. */
  readonly save: () => Promise<Saved>;
  /** Nothing of the run may live any more. */
  deliver(wanted: DeliveryWanted): Promise<Delivered>;
  /** After the loss of the task: for whoever goes on with it, unless somebody has already come further. */
  readonly saveLost: () => Promise<void>;
  /** After the delivery: the saves of this run and of those before it are of no more use. */
  dropSaves(): Promise<void>;
}

export function createRunWork(workspace: Workspace, project: ProjectSettings, deps: DeliveryDeps): RunWork {
  const store = deps.places.store(project.name);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = last.then(act);
    last = mine.catch(() => {});
    return mine;
  };
  return {
    save: () => inTurn(() => saveWorkspace(workspace, project, deps)),
    deliver: (wanted) => inTurn(() => deliver({ workspace, project, wanted, deps })),
    saveLost: () =>
      inTurn(async () => {
        // One that cannot be asked takes no save either: then it is this machine that keeps it.
        if (!(await isOvertaken(project, workspace, { ...deps, store }).catch(() => false))) {
          await saveWorkspace(workspace, project, deps);
        }
      }),
    dropSaves: () =>
      inTurn(() => dropSaves(project, workspace, { ...deps, gitDir: workspace.saveDir, store })),
  };
}
