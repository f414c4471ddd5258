/**
 * The end of a run's work: its own commits as they are, what is left uncommitted as one of the worker's, on the
 * task's branch, pushed by fast-forward and only while the lease is held. What cannot be pushed is kept in a bundle.
 */
import { capture, indexOf, onto, type State } from './capture.ts';
import { ignoredFiles } from './changed-files.ts';
import { countChanges, type Changes } from './changes.ts';
import { GitError } from './git-fault.ts';
import { createHistory, type History } from './history.ts';
import { keepWork } from './kept-files.ts';
import { mergeTheirs } from './merge-theirs.ts';
import { orAborted } from './or-aborted.ts';
import type { SaveDeps } from './save.ts';
import type { ProjectSettings } from './settings.ts';
import type { Workspace } from './workspace-shape.ts';

export interface DeliveryWanted {
  readonly leaseId: string;
  /**
   * Awaited before each push, and once more right before it goes out. `held`: the lease was renewed with a 200 within the last seconds; it waits until
   * that is known, and is `lost` when the lease is over.
   */
  readonly leaseFence: () => Promise<'held' | 'lost'>;
  /** First line of the worker's commit. */
  readonly subject: string;
  readonly submittedBy: string;
  readonly sessionId: string | null;
}

export interface Delivered extends Changes {
  /** `nothing`: the run changed nothing that was not delivered before. */
  readonly how: 'pushed' | 'kept' | 'nothing';
  /** Where the work lies; null: there is no branch. */
  readonly branch: string | null;
  readonly commit: string | null;
  readonly base: string;
  /** The lease was lost before the push: the branch is one of its own. */
  readonly isLost: boolean;
  /** Somebody else pushed to the branch what contradicts this work: it is on one of its own, too. */
  readonly isApart: boolean;
  /** Path of the bundle. */
  readonly bundle: string | null;
  /** Why it was not pushed. */
  readonly fault: GitError | null;
  readonly notices: readonly string[];
}

export interface DeliveryDeps extends SaveDeps {
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

interface Delivering {
  readonly workspace: Workspace;
  readonly project: ProjectSettings;
  readonly wanted: DeliveryWanted;
  readonly deps: DeliveryDeps;
}

export async function deliver(delivering: Delivering): Promise<Delivered> {
  const { workspace, deps } = delivering;
  const { base, tip, saveDir: gitDir } = workspace;
  const { commit, notices } = await finalCommit(delivering);
  const isNothing = commit === base && tip === null;
  const count = (end: string) => countChanges(base, end, { git: deps.git, gitDir });
  const clean = { base, isLost: false, isApart: false, bundle: null, fault: null };
  if (isNothing || commit === tip) {
    const ignored = await ignoredFiles(indexOf(workspace, deps.git)).catch(() => undefined);
    return {
      ...{ ...clean, ...(await count(commit)), how: 'nothing' },
      ...(isNothing ? { branch: null, commit: null } : { branch: workspace.branch, commit }),
      notices: [...notices, ...(ignored === undefined ? [] : [ignored])],
    };
  }
  const brought = await pushOrKeep(commit, delivering);
  const end = { branch: workspace.branch, commit, ...brought };
  const told = end.isApart === true ? [apartText(workspace.branch, end.branch)] : [];
  return { ...clean, ...(await count(end.commit)), ...end, notices: [...notices, ...told] };
}

function apartText(branch: string, own: string): string {
  return `Somebody else pushed to ${branch} what contradicts this work: it is on ${own}, and not merged.`;
}

async function finalCommit({
  workspace,
  project,
  wanted,
  deps,
}: Delivering): Promise<{ commit: string; notices: readonly string[] }> {
  const history = createHistory({ ...deps, gitDir: workspace.saveDir });
  const captured = await capture(workspace, project, deps);
  // What is on the remote stays there, whatever a run made of its own copy of it.
  const state = workspace.tip === null ? captured : await onto(workspace.tip, captured, history);
  const { notices } = captured;
  if ((await history.treeOf(state.parent)) === state.tree) return { commit: state.parent, notices };
  const before = await history.ref(DELIVERED);
  if (before !== undefined && (await isOf(state, before, history))) return { commit: before, notices };
  const commit = await history.commit(state.tree, [state.parent], messageOf(workspace, wanted));
  await history.setRef(DELIVERED, commit);
  return { commit, notices };
}

/** Set before it is pushed: whoever delivers the same again, after a crash, pushes this commit and no other. */
const DELIVERED = 'refs/run/delivered';

async function isOf({ parent, tree }: State, commit: string, history: History): Promise<boolean> {
  return (await history.ref(`${commit}^1`)) === parent && (await history.treeOf(commit)) === tree;
}

function messageOf({ taskId }: Workspace, { subject, submittedBy, sessionId }: DeliveryWanted): string {
  const oneLine = (text: string) => text.replace(/[\s\u0000-\u001f\u007f]+/g, ' ').trim();
  const trailers = [
    `Athena-Task: ${taskId}`,
    `Athena-Submitted-By: ${oneLine(submittedBy)}`,
    ...(sessionId === null ? [] : [`Athena-Session: ${oneLine(sessionId)}`]),
  ];
  return `${oneLine(subject) || `Task #${taskId}`}\n\n${trailers.join('\n')}\n`;
}

type Brought = Pick<Delivered, 'how'> & { branch?: string; commit?: string } & Partial<
    Pick<Delivered, 'isLost' | 'isApart' | 'bundle' | 'fault'>
  >;

async function pushOrKeep(commit: string, delivering: Delivering): Promise<Brought> {
  const { workspace, project, wanted } = delivering;
  if (!project.push) return keep(commit, delivering, null);
  try {
    const end = await pushFenced(commit, delivering);
    if (end.kind === 'held') return { how: 'pushed', commit: end.commit };
    const branch = `${workspace.branch}-lost-${wanted.leaseId.slice(0, 8)}`;
    await pushTo(branch, commit, delivering);
    return { how: 'pushed', branch, isLost: end.kind === 'lost', isApart: end.kind === 'apart' };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return keep(commit, delivering, error);
  }
}

/** A repository that cannot be reached for a moment; each try waits for the lease anew. */
const RETRIES_MS = [1000, 5000, 15_000];

type Pushed = { readonly kind: 'held'; readonly commit: string } | { readonly kind: 'lost' | 'apart' };

async function pushFenced(commit: string, delivering: Delivering): Promise<Pushed> {
  const { workspace, wanted } = delivering;
  let pushed = commit;
  for (let tries = 0; ; tries += 1) {
    let fence = await wanted.leaseFence();
    if (fence === 'lost') return { kind: 'lost' };
    const mayPush = async () => (fence = await wanted.leaseFence()) === 'held';
    try {
      await pushTo(workspace.branch, pushed, { ...delivering, mayPush });
      return { kind: 'held', commit: pushed };
    } catch (error) {
      if (isLost(fence)) return { kind: 'lost' };
      const next = await afterRefusal(error, pushed, { ...delivering, waitMs: RETRIES_MS[tries] });
      if (next === null) return { kind: 'apart' };
      pushed = next;
    }
  }
}

/** What to push the next time; null: it does not go together with what somebody else has pushed. */
async function afterRefusal(
  error: unknown,
  commit: string,
  { waitMs, ...delivering }: Delivering & { waitMs: number | undefined },
): Promise<string | null> {
  const { deps } = delivering;
  if (waitMs === undefined || !(error instanceof GitError)) throw error;
  if (error.kind === 'unreachable') {
    await orAborted(deps.sleep(waitMs), deps.remotes.over);
    return commit;
  }
  const merged = error.kind === 'rejected' ? await withTheirs(commit, delivering) : undefined;
  if (merged === undefined) throw error;
  return merged;
}

/** Undefined: that was not why the push was refused, or nobody knows. */
function withTheirs(commit: string, { workspace, project, deps }: Delivering) {
  const merging = { ...deps, project, gitDir: workspace.saveDir };
  return mergeTheirs(commit, workspace.branch, merging).catch(() => undefined);
}

/** As it is by now. */
const isLost = (fence: 'held' | 'lost') => fence === 'lost';

const PUSH_MS = 10 * 60_000;

/** Never by force. One that took effect before its answer was lost is up to date the next time. */
async function pushTo(
  branch: string,
  commit: string,
  { workspace, project, deps, mayPush }: Delivering & { mayPush?: () => Promise<boolean> },
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const target = mayPush === undefined ? project : { ...project, mayPush };
  await deps.remotes.use(target, { [ref]: commit }, ({ url, env, signal }) =>
    deps.git.run(['push', '-q', url, `${commit}:${ref}`], {
      gitDir: workspace.saveDir,
      env,
      signal,
      timeoutMs: PUSH_MS,
    }),
  );
}

async function keep(
  commit: string,
  { workspace, deps }: Delivering,
  fault: GitError | null,
): Promise<Brought> {
  const note = {
    task_id: workspace.taskId,
    project: workspace.project,
    branch: workspace.branch,
    commit,
    base: workspace.base,
    why: fault?.message ?? 'This project is not pushed ("push: false").',
    kept_at: deps.now().toISOString(),
  };
  const bundle = await keepWork(note, { ...deps, gitDir: workspace.saveDir });
  return { how: 'kept', bundle, fault };
}
