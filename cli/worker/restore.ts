/**
 * Where a run begins: from the newest save of an earlier attempt, wherever that ran; else from work that could not be
 * pushed and is kept here; else from the task's branch.
 */
import type { Git } from './git.ts';
import { createHistory } from './history.ts';
import { keptTip } from './kept-files.ts';
import type { Places } from './places.ts';
import type { Remotes } from './remotes.ts';
import { localSaves, remoteSaves, type Save } from './save-refs.ts';
import type { WorkerSettings } from './settings.ts';
import type { Wanted } from './workspace-shape.ts';

export interface Beginning {
  /** What the branch points to. */
  readonly start: string;
  /** What lies in the folder. */
  readonly files: string;
  /** Whose save it is; null: nobody's. */
  readonly run: number | null;
}

export interface StartWanted {
  readonly wanted: Wanted;
  readonly tip: string | null;
  readonly saveDir: string;
}

export interface RestoreDeps {
  readonly git: Git;
  readonly remotes: Remotes;
  readonly places: Places;
  readonly author: WorkerSettings['git'];
}

/** Fetched into `saveDir` as `refs/run/last` and `refs/run/files`. `newest` is where the base is now. */
export async function findStart(found: StartWanted, newest: string, deps: RestoreDeps): Promise<Beginning> {
  const history = createHistory({ ...deps, gitDir: found.saveDir });
  const begin = (await fromSaves(found, deps)) ?? (await fromKept(found, deps)) ?? plain(found.tip ?? newest);
  await history.setRef('refs/run/last', begin.start);
  await history.setRef('refs/run/files', begin.files);
  return begin;
}

function plain(start: string): Beginning {
  return { start, files: start, run: null };
}

async function fromSaves(found: StartWanted, deps: RestoreDeps): Promise<Beginning | undefined> {
  const { git, places } = deps;
  const { wanted, tip, saveDir } = found;
  const { project, taskId } = wanted;
  const saves = [
    ...(await localSaves({ git, store: places.store(project.name) }, taskId)),
    ...(await remoteSaves(project, taskId, deps)),
  ].sort((one, other) => other.run - one.run);
  const history = createHistory({ ...deps, gitDir: saveDir });
  for (const save of saves) {
    if (save.run >= wanted.run || !(await fetchSave(save, found, deps))) continue;
    const start = await history.ref('refs/run/restored^1');
    const files = await history.ref('refs/run/restored');
    // A branch that went on without the save was delivered after it.
    const isCurrent = start !== undefined && (tip === null || (await history.isAncestor(tip, start)));
    if (isCurrent && files !== undefined) return { start, files, run: save.run };
  }
  return undefined;
}

const SAVE_MS = 10 * 60_000;

/** Hashed and checked: whoever may push to the repository could have made it. */
async function fetchSave(save: Save, { wanted, saveDir }: StartWanted, deps: RestoreDeps): Promise<boolean> {
  const { git, places, remotes } = deps;
  const from = (url: string, env: Readonly<Record<string, string>>) =>
    git.run(
      [
        ...['-c', 'fetch.fsckObjects=true', 'fetch', '-q', '--no-tags', '--no-write-fetch-head'],
        ...[url, `+${save.ref}:refs/run/restored`],
      ],
      { gitDir: saveDir, env, timeoutMs: SAVE_MS },
    );
  try {
    if (save.isLocal) await from(places.store(wanted.project.name), {});
    else await remotes.use(wanted.project, null, ({ url, env }) => from(url, env));
    return true;
  } catch {
    // Removed in between, or damaged: an older one may do.
    return false;
  }
}

async function fromKept(
  { wanted, tip, saveDir }: StartWanted,
  deps: RestoreDeps,
): Promise<Beginning | undefined> {
  const history = createHistory({ ...deps, gitDir: saveDir });
  const start = await keptTip(wanted, { ...deps, gitDir: saveDir });
  if (start === undefined) return undefined;
  const isCurrent = tip === null || (await history.isAncestor(tip, start));
  return isCurrent ? plain(start) : undefined;
}
