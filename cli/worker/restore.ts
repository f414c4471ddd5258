/**
 * Where a run begins: from the newest save of an earlier attempt, wherever that ran; else from work that could not be
 * pushed and is kept here; else from the task's branch.
 */
import type { Git } from './git.ts';
import { createHistory } from './history.ts';
import { keptTip } from './kept-files.ts';
import type { Places } from './places.ts';
import type { Remote, Remotes } from './remotes.ts';
import { localSaves, remoteSaves, type Save } from './save-refs.ts';
import type { WorkerSettings } from './settings.ts';
import { takeUp } from './take-up.ts';
import type { Wanted } from './workspace-shape.ts';

export interface Beginning {
  /** What the branch points to. */
  readonly start: string;
  /** What lies in the folder. */
  readonly files: string;
  /** Whose save it is; null: nobody's. */
  readonly run: number | null;
  /** Saves that nobody has taken up: they stay. */
  readonly untaken: readonly string[];
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

/** Fetched into `saveDir` as `refs/run/last` and `refs/run/files`. `base` is where the task's branch begins. */
export async function findStart(found: StartWanted, base: string, deps: RestoreDeps): Promise<Beginning> {
  const history = createHistory({ ...deps, gitDir: found.saveDir });
  const { newest, untaken } = await fromSaves(found, deps);
  const begin = newest ?? (await fromKept(found, deps)) ?? plain(found.tip ?? base);
  await history.setRef('refs/run/last', begin.start);
  await history.setRef('refs/run/files', begin.files);
  return { ...begin, untaken };
}

type Begun = Omit<Beginning, 'untaken'>;

function plain(start: string): Begun {
  return { start, files: start, run: null };
}

interface Dated extends Begun {
  readonly run: number;
  readonly madeAt: number;
}

async function fromSaves(found: StartWanted, deps: RestoreDeps) {
  const untaken: Save[] = [];
  let newest: Dated | undefined;
  for (const save of await earlierSaves(found, deps)) {
    // What one run saved holds what those before it did, be it taken up or not.
    if (save.run < (newest ?? untaken[0] ?? save).run) break;
    const one = await restored(save, found, deps);
    if (one === 'apart') untaken.push(save);
    // One run may have left one here and one on the remote.
    else if (one !== undefined && one.madeAt > (newest?.madeAt ?? -1)) newest = one;
  }
  return { newest, untaken: untaken.map(({ ref }) => ref) };
}

/** Those of the last run first. */
async function earlierSaves({ wanted }: StartWanted, deps: RestoreDeps): Promise<Save[]> {
  const { project, taskId, run } = wanted;
  const saves = [
    ...(await localSaves({ ...deps, store: deps.places.store(project.name) }, taskId)),
    ...(await remoteSaves(project, taskId, deps)),
  ];
  return saves.filter((save) => save.run < run).sort((one, other) => other.run - one.run);
}

async function restored(
  save: Save,
  found: StartWanted,
  deps: RestoreDeps,
): Promise<Dated | 'apart' | undefined> {
  const { tip, saveDir } = found;
  if (!(await fetchSave(save, found, deps))) return undefined;
  const history = createHistory({ ...deps, gitDir: saveDir });
  const start = await history.ref('refs/run/restored^1');
  const files = await history.ref('refs/run/restored');
  if (start === undefined || files === undefined) return undefined;
  const fit = await takeUp({ start, files }, tip, { history, email: deps.author.email });
  if (fit === 'past') return undefined;
  return fit === 'apart' ? fit : { ...fit, run: save.run, madeAt: await history.madeAt(files) };
}

const SAVE_MS = 10 * 60_000;

/** Hashed and checked: whoever may push to the repository could have made it. */
async function fetchSave(save: Save, { wanted, saveDir }: StartWanted, deps: RestoreDeps): Promise<boolean> {
  const { git, places, remotes } = deps;
  const from = (url: string, how: Partial<Omit<Remote, 'url'>>) =>
    git.run(
      [
        ...['-c', 'fetch.fsckObjects=true', 'fetch', '-q', '--no-tags', '--no-write-fetch-head'],
        ...[url, `+${save.ref}:refs/run/restored`],
      ],
      { gitDir: saveDir, ...how, timeoutMs: SAVE_MS },
    );
  try {
    if (save.isLocal) await from(places.store(wanted.project.name), {});
    else await remotes.use(wanted.project, null, ({ url, ...how }) => from(url, how));
    return true;
  } catch {
    // Removed in between, or damaged: an older one may do.
    return false;
  }
}

async function fromKept(
  { wanted, tip, saveDir }: StartWanted,
  deps: RestoreDeps,
): Promise<Begun | undefined> {
  const history = createHistory({ ...deps, gitDir: saveDir });
  const start = await keptTip(wanted, { ...deps, gitDir: saveDir });
  if (start === undefined) return undefined;
  const isCurrent = tip === null || (await history.isAncestor(tip, start));
  return isCurrent ? plain(start) : undefined;
}
