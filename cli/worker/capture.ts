/**
 * What a run has done so far, as a commit that it stands on and a tree of files, made in the worker's own repository
 * for that run. The run may still be at work, and may have done anything to its clone: deleted or replaced its
 * `.git`, gone to another branch, rewritten what was there.
 */
import path from 'node:path';
import { undoConversions } from './as-checked-out.ts';
import { takeTree } from './changed-files.ts';
import type { Git } from './git.ts';
import { createHistory, type History } from './history.ts';
import { importCommits } from './import-commits.ts';
import { dropRefLocks, settleRepository } from './own-repository.ts';
import { openTree } from './open-tree.ts';
import { isPlainFolder, readRunHeads } from './run-refs.ts';
import type { ProjectSettings, WorkerSettings } from './settings.ts';
import type { Workspace } from './workspace-shape.ts';

export interface Captured {
  /** The newest commit of the run's own, or what it started from. */
  readonly parent: string;
  /** All files; that of `parent` where nothing is uncommitted. */
  readonly tree: string;
  /** Sentences about what could not be taken along. */
  readonly notices: readonly string[];
}

export interface CaptureDeps {
  readonly git: Git;
  readonly author: WorkerSettings['git'];
}

export async function capture(
  workspace: Workspace,
  project: ProjectSettings,
  { git, author }: CaptureDeps,
): Promise<Captured> {
  const { saveDir: gitDir, folders, alternates } = workspace;
  settleRepository(gitDir, { isBare: false, alternates });
  dropRefLocks(gitDir);
  const history = createHistory({ git, gitDir, author });
  const last = (await history.ref('refs/run/last')) ?? workspace.start;
  const moved = await openTree(workspace);
  if (!isPlainFolder(folders.tree)) {
    const saved = await history.ref('refs/run/saved');
    const tree = await history.treeOf(saved ?? last);
    return { parent: last, tree, notices: ['The run removed its own folder: what was saved before counts.'] };
  }
  const heads = readRunHeads(folders.tree, workspace.branch);
  const named = [heads.head, heads.branch].flatMap((commit) => commit ?? []);
  const usable = await importCommits(named, { git, gitDir, alternates, tree: folders.tree });
  const isUsable = (commit: string | undefined): commit is string =>
    commit !== undefined && usable.has(commit);
  const head = isUsable(heads.head) ? heads.head : isUsable(heads.branch) ? heads.branch : last;
  const own = isUsable(heads.branch) ? heads.branch : head;

  const index = { ...indexOf(workspace, git), isSparse: heads.isSparse, hasMasks: hasMasks(project) };
  const left = await takeTree(head, index);
  await undoConversions(head, index, history);
  const { text: tree } = await git.run(['write-tree'], index.call);
  const state = await rooted(await onto(own, { parent: head, tree }, history), { workspace, last, history });
  await history.setRef('refs/run/last', state.parent);
  return { ...state, notices: [...unreadable(named, usable), ...moved, ...left] };
}

export function indexOf({ saveDir: gitDir, folders }: Pick<Workspace, 'saveDir' | 'folders'>, git: Git) {
  const call = { gitDir, workTree: folders.tree, indexFile: path.join(gitDir, 'index') };
  return { git, call, tree: folders.tree };
}

/** Where there is a sandbox: the worker's, or one that the project's own settings turn on. */
function hasMasks({ executor, sandbox, projectSettings }: ProjectSettings): boolean {
  return executor === 'claude' && (sandbox || projectSettings);
}

function unreadable(named: readonly string[], usable: ReadonlySet<string>): string[] {
  const isMissing = named.length === 0 || named.some((commit) => !usable.has(commit));
  return isMissing
    ? ['Commits of the run could not be read from its clone: their changes count as uncommitted.']
    : [];
}

interface Roots {
  readonly workspace: Workspace;
  readonly last: string;
  readonly history: History;
}

/** A run may rewrite its own commits as it likes, but not what it started from; one that began anew is joined on. */
async function rooted(state: State, { workspace, last, history }: Roots): Promise<State> {
  const isRelated = (await history.mergeBase(workspace.base, state.parent)) !== undefined;
  return onto(isRelated ? workspace.base : last, state, history);
}

export interface State {
  readonly parent: string;
  readonly tree: string;
}

/** The state, with `other` among its ancestors. */
export async function onto(other: string, state: State, history: History): Promise<State> {
  if (await history.isAncestor(other, state.parent)) return state;
  const isClean = (await history.treeOf(state.parent)) === state.tree;
  if (await history.isAncestor(state.parent, other)) {
    // Something older was checked out. Without changes of its own that was to look at it.
    if (isClean) return { parent: other, tree: await history.treeOf(other) };
    return { parent: other, tree: await mergedWith(other, state, history) };
  }
  const committed = (await history.mergedTree(other, state.parent)) ?? (await history.treeOf(state.parent));
  const parent = await history.join(committed, other, state.parent);
  return { parent, tree: isClean ? committed : await mergedWith(other, state, history) };
}

/** Where both changed the same lines, what lies in the folder counts: the other is in the history. */
async function mergedWith(other: string, state: State, history: History): Promise<string> {
  const changes = await history.commit(state.tree, [state.parent], 'Uncommitted\n');
  return (await history.mergedTree(other, changes)) ?? state.tree;
}
