/**
 * Saves what a run has done so far, while it goes on: on the remote under a name of its own, where the next attempt
 * finds it on any machine, or in the worker's own store when it cannot be pushed or must not be.
 */
import fs from 'node:fs';
import { capture, type Captured, type CaptureDeps } from './capture.ts';
import { GitError } from './git-fault.ts';
import { createHistory, type History } from './history.ts';
import { settleRepository } from './own-repository.ts';
import type { Places } from './places.ts';
import type { Remotes } from './remotes.ts';
import { saveRef } from './save-refs.ts';
import type { ProjectSettings } from './settings.ts';
import type { Workspace } from './workspace-shape.ts';

export interface Saved {
  /** `none`: there is nothing that is not in the branch already. */
  readonly where: 'remote' | 'local' | 'none';
  /** Why it is not on the remote. */
  readonly fault: GitError | null;
  readonly notices: readonly string[];
}

export interface SaveDeps extends CaptureDeps {
  readonly remotes: Remotes;
  readonly places: Places;
}

const PUSH_MS = 10 * 60_000;

export async function saveWorkspace(
  workspace: Workspace,
  project: ProjectSettings,
  deps: SaveDeps,
): Promise<Saved> {
  const captured = await capture(workspace, project, deps);
  const { notices } = captured;
  const history = createHistory({ ...deps, gitDir: workspace.saveDir });
  if (await isAsBegun(workspace, captured, history)) return { where: 'none', fault: null, notices };
  const isKnown = await isAsSaved(captured, history);
  if (isKnown && (await history.ref('refs/run/pushed')) !== undefined) {
    return { where: 'remote', fault: null, notices };
  }
  const message = `Saved while running\n\nAthena-Task: ${workspace.taskId}\n`;
  const commit = await history.commit(captured.tree, [captured.parent], message);
  await history.setRef('refs/run/saved', commit);
  return { ...(await store(commit, { workspace, project, deps })), notices };
}

/** Nothing has happened since the run was laid out: what it was restored from is a save already. */
async function isAsBegun(
  { start }: Workspace,
  { parent, tree }: Captured,
  history: History,
): Promise<boolean> {
  const files = (await history.ref('refs/run/files')) ?? start;
  const isUntouched = parent === start && tree === (await history.treeOf(files));
  return isUntouched && (await history.ref('refs/run/saved')) === undefined;
}

async function isAsSaved({ parent, tree }: Captured, history: History): Promise<boolean> {
  const saved = await history.ref('refs/run/saved');
  if (saved === undefined) return false;
  return (await history.ref(`${saved}^1`)) === parent && (await history.treeOf(saved)) === tree;
}

interface Storing {
  readonly workspace: Workspace;
  readonly project: ProjectSettings;
  readonly deps: SaveDeps;
}

async function store(commit: string, storing: Storing): Promise<Omit<Saved, 'notices'>> {
  const { workspace, project, deps } = storing;
  const { saveDir: gitDir, taskId, run } = workspace;
  await deps.git.run(['update-ref', '-d', 'refs/run/pushed'], { gitDir });
  if (!project.push) return keepHere(storing, null);
  const ref = saveRef(taskId, run);
  try {
    await deps.remotes.use(project, { [ref]: commit }, ({ url, env, signal }) =>
      deps.git.run(['push', '-q', '--force', url, `${commit}:${ref}`], {
        ...{ gitDir, env, signal },
        timeoutMs: PUSH_MS,
      }),
    );
  } catch (error) {
    if (error instanceof GitError) return keepHere(storing, error);
    throw error;
  }
  await deps.git.run(['update-ref', 'refs/run/pushed', commit], { gitDir });
  await dropLocal(storing, ref);
  return { where: 'remote', fault: null };
}

/** One that stayed here while the remote could not be reached is older than what is there now, and its date says so. */
async function dropLocal({ workspace, deps }: Storing, ref: string): Promise<void> {
  const gitDir = deps.places.store(workspace.project);
  if (fs.existsSync(gitDir)) await deps.git.run(['update-ref', '-d', ref], { gitDir, answers: [1, 128] });
}

/** Fetched by the store rather than pushed to it: so it is this git, with its settings, that writes there. */
async function keepHere(
  { workspace, deps }: Storing,
  fault: GitError | null,
): Promise<Omit<Saved, 'notices'>> {
  const gitDir = deps.places.store(workspace.project);
  settleRepository(gitDir, { isBare: true, alternates: workspace.alternates });
  const ref = saveRef(workspace.taskId, workspace.run);
  const how = ['fetch', '-q', '--no-tags', '--no-write-fetch-head', workspace.saveDir];
  await deps.git.run([...how, `+refs/run/saved:${ref}`], { gitDir, timeoutMs: PUSH_MS });
  return { where: 'local', fault };
}
