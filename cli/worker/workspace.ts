/**
 * The folders of one run, made before it starts: a clone of its own that borrows the mirror's objects, on the task's
 * branch, with what earlier attempts left laid on top; a home, a folder for temporary files and one for configuration.
 * Beside them, out of the run's hands, the worker's own repository for what the run does, and a record of it that
 * outlives the worker.
 */
import fs from 'node:fs';
import path from 'node:path';
import { noteAsCheckedOut } from './as-checked-out.ts';
import { indexOf } from './capture.ts';
import { makeClone } from './clone.ts';
import type { Trash } from './disk.ts';
import { firstPoints } from './first-points.ts';
import type { Git } from './git.ts';
import { createHistory } from './history.ts';
import type { Mirror, Mirrors } from './mirror.ts';
import { settleRepository } from './own-repository.ts';
import { keepOpen, makePrivate, runFolders, type Places } from './places.ts';
import { checkOutConfig } from './project-config.ts';
import type { Remotes } from './remotes.ts';
import { remember } from './run-records.ts';
import { findStart } from './restore.ts';
import type { WorkerSettings } from './settings.ts';
import type { Wanted, Workspace } from './workspace-shape.ts';

export interface WorkspaceDeps {
  readonly git: Git;
  readonly mirrors: Mirrors;
  readonly remotes: Remotes;
  readonly places: Places;
  readonly trash: Trash;
  readonly author: WorkerSettings['git'];
}

/** Rejects with `GitError`; what was made so far is gone then. */
export async function prepareWorkspace(wanted: Wanted, deps: WorkspaceDeps): Promise<Workspace> {
  const { places } = deps;
  const { taskId, run, branch, facts, project, signal } = wanted;
  const root = places.run(taskId, run);
  const saveDir = places.save(taskId, run);
  const folders = runFolders(root);
  try {
    const remotes = signal === undefined ? deps.remotes : deps.remotes.until(signal);
    const mirror = await deps.mirrors.refresh(project, signal);
    const alternates = [mirror.objects];
    keepOpen(places.workspace);
    deps.trash.discard(root);
    deps.trash.discard(saveDir);
    settleRepository(saveDir, { isBare: false, alternates });
    const { files, ...points } = await findPoints(wanted, { ...deps, remotes, mirror, saveDir });
    const made = [path.dirname(root), root, folders.tree, folders.home, folders.temp, folders.config];
    for (const folder of made) makePrivate(folder);
    await makeClone(
      { wanted, tree: folders.tree, from: { mirror, saveDir, start: points.start, files } },
      deps,
    );
    const index = { ...indexOf({ saveDir, folders }, deps.git), isSparse: false, hasMasks: false };
    await noteAsCheckedOut(files, index, createHistory({ ...deps, gitDir: saveDir }));
    const config = { gitDir: saveDir, commit: points.base, folder: path.join(root, 'project') };
    const projectConfig = project.projectSettings ? await checkOutConfig(config, deps.git) : null;
    const names = { taskId, run, branch, project: project.name };
    return remember(
      { ...names, root, folders, projectConfig, saveDir, alternates, ...points, facts },
      places,
    );
  } catch (error) {
    discardWorkspace(wanted, deps);
    throw error;
  }
}

interface Found extends WorkspaceDeps {
  readonly mirror: Mirror;
  readonly saveDir: string;
}

async function findPoints(wanted: Wanted, deps: Found) {
  const { mirror, saveDir } = deps;
  const first = await firstPoints(wanted, mirror, { ...deps, gitDir: saveDir });
  const tip = mirror.refs.get(`refs/heads/${wanted.branch}`) ?? null;
  const history = createHistory({ ...deps, gitDir: saveDir });
  const { start, files, run, untaken } = await findStart({ wanted, tip, saveDir }, first.start, deps);
  const base = first.known ?? (await history.mergeBase(start, first.newest)) ?? first.newest;
  const notices = [...first.notices, ...untaken.map(untakenText)];
  return { base, start, tip, files, restoredFrom: run, untaken, notices };
}

function untakenText(ref: string): string {
  return `What an earlier run saved does not go together with the commits that people made on the branch: it stays, as ${ref}, and this run begins without it.`;
}

/** At the end of a run, when everything is saved and nothing of it lives. */
export function discardWorkspace(
  { taskId, run }: Pick<Workspace, 'taskId' | 'run'>,
  { places, trash }: Pick<WorkspaceDeps, 'places' | 'trash'>,
): void {
  // The record first: what it no longer tells of is cleared away at the next start, and nothing is delivered twice.
  fs.rmSync(places.record(taskId, run), { force: true });
  trash.discard(places.run(taskId, run));
  trash.discard(places.save(taskId, run));
}
