/**
 * What lies where in the workspace. Only `runs/` belongs to runs; everything else is the worker's own, kept from a run
 * by modes and by being somewhere else, and truly kept from it only by a sandbox or another account.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { RunFolders } from './executor.ts';

export interface Places {
  readonly workspace: string;
  mirror(project: string): string;
  store(project: string): string;
  /** `<workspace>/runs/<task>-<run>` */
  run(taskId: number, run: number): string;
  /** The worker's own GIT_DIR for what a run does. */
  save(taskId: number, run: number): string;
  record(taskId: number, run: number): string;
  readonly records: string;
  readonly kept: string;
  readonly trash: string;
  readonly lock: string;
  /** Of the Agent SDK. */
  readonly sdk: string;
}

export function createPlaces(workspace: string): Places {
  const at = (...parts: string[]) => path.join(workspace, ...parts);
  return {
    workspace,
    mirror: (project) => at('mirrors', `${project}.git`),
    store: (project) => at('stores', `${project}.git`),
    run: (taskId, run) => at('runs', `${taskId}-${run}`),
    save: (taskId, run) => at('saves', `${taskId}-${run}.git`),
    record: (taskId, run) => at('records', `${taskId}-${run}.json`),
    records: at('records'),
    kept: at('kept'),
    trash: at('trash'),
    lock: at('lock'),
    sdk: at('sdk'),
  };
}

export function runFolders(root: string): RunFolders {
  const at = (name: string) => path.join(root, name);
  return { tree: at('tree'), home: at('home'), temp: at('temp'), config: at('config') };
}

/** What a run may have taken from its owner is given back; nothing else about it is changed. */
export function keepOpen(folder: string): void {
  const { mode } = fs.statSync(folder);
  if ((mode & 0o700) !== 0o700) fs.chmodSync(folder, (mode & 0o7777) | 0o700);
}

/** Ours alone, whatever the umask and whoever made it. */
export function makePrivate(folder: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.chmodSync(folder, 0o700);
}
