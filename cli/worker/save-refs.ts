/** Saves by their refs: `refs/athena/<task id>/<run>`, on the remote and in the worker's own store. */
import fs from 'node:fs';
import type { Git } from './git.ts';
import type { Remotes, Target } from './remotes.ts';
import { DELETED } from './push-filter.ts';

export interface Save {
  readonly run: number;
  readonly ref: string;
  readonly isLocal: boolean;
}

export function saveRef(taskId: number, run: number): string {
  return `refs/athena/${taskId}/${run}`;
}

interface Store {
  readonly git: Git;
  readonly store: string;
}

export async function localSaves({ git, store }: Store, taskId: number): Promise<Save[]> {
  if (!fs.existsSync(store)) return [];
  const { text } = await git.run(['for-each-ref', '--format=%(refname)', `refs/athena/${taskId}/`], {
    gitDir: store,
  });
  return toSaves(text.split('\n'), taskId, true);
}

interface RemoteDeps {
  readonly git: Git;
  readonly remotes: Remotes;
}

const LIST_MS = 2 * 60_000;

export async function remoteSaves(project: Target, taskId: number, deps: RemoteDeps): Promise<Save[]> {
  return toSaves([...(await listRemote(project, [`refs/athena/${taskId}/*`], deps)).keys()], taskId, false);
}

/** Commits by their refs. */
async function listRemote(
  project: Target,
  patterns: readonly string[],
  { git, remotes }: RemoteDeps,
): Promise<Map<string, string>> {
  const text = await remotes.use(project, null, async ({ url, env, signal }) => {
    const listed = await git.run(['ls-remote', '-q', url, ...patterns], {
      gitDir: '/nonexistent',
      env,
      signal,
      timeoutMs: LIST_MS,
    });
    return listed.text;
  });
  const lines = text.split('\n').map((line) => line.split('\t'));
  return new Map(lines.map(([commit = '', ref = '']) => [ref, commit]));
}

function toSaves(refs: readonly string[], taskId: number, isLocal: boolean): Save[] {
  return refs.flatMap((ref) => {
    const run = new RegExp(`^refs/athena/${taskId}/([1-9]\\d{0,8})$`).exec(ref)?.[1];
    return run === undefined ? [] : [{ run: Number(run), ref, isLocal }];
  });
}

export interface Mine {
  readonly taskId: number;
  readonly run: number;
  readonly branch: string;
  /** The branch on the remote as it was when the run began. */
  readonly tip: string | null;
}

/** Whether a later run has saved or delivered something: what this one did is of the past then. */
export async function isOvertaken(
  project: Target & { readonly push: boolean },
  { taskId, run, branch, tip }: Mine,
  deps: RemoteDeps & { readonly store: string },
): Promise<boolean> {
  const isNewer = (save: Save) => save.run > run;
  if ((await localSaves(deps, taskId)).some(isNewer)) return true;
  if (!project.push) return false;
  const head = `refs/heads/${branch}`;
  const lines = await listRemote(project, [`refs/athena/${taskId}/*`, head], deps);
  const saves = toSaves([...lines.keys()], taskId, false);
  return saves.some(isNewer) || (lines.get(head) ?? null) !== tip;
}

export interface DropDeps extends RemoteDeps {
  readonly store: string;
  /** A repository of the worker's own, to push from. */
  readonly gitDir: string;
}

/** When the work is delivered; none that a later run made, which may be under way on this very machine. */
export async function dropSaves(
  project: Target & { readonly push: boolean },
  { taskId, run, untaken }: { taskId: number; run: number; untaken: readonly string[] },
  deps: DropDeps,
): Promise<void> {
  const { git, remotes, gitDir, store } = deps;
  const isOld = (save: Save) => save.run <= run && !untaken.includes(save.ref);
  for (const { ref } of (await localSaves({ git, store }, taskId)).filter(isOld)) {
    await git.run(['update-ref', '-d', ref], { gitDir: store });
  }
  if (!project.push) return;
  const old = (await remoteSaves(project, taskId, deps)).filter(isOld);
  if (old.length === 0) return;
  const allowed = Object.fromEntries(old.map(({ ref }) => [ref, DELETED]));
  await remotes.use(project, allowed, ({ url, env, signal }) =>
    git.run(['push', '-q', url, ...old.map(({ ref }) => `:${ref}`)], {
      ...{ gitDir, env, signal },
      timeoutMs: LIST_MS,
    }),
  );
}
