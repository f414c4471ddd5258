/**
 * One bare copy of each project's repository, brought up to date before each run. Runs borrow its objects and get
 * none of its refs or settings; what a run did to it all the same is noticed before the next use: objects by their
 * seal and then by hash, refs because every fetch sets them anew, settings because they are written anew. A damaged
 * one is made again.
 */
import fs from 'node:fs';
import path from 'node:path';
import { emptyFolder, type Trash } from './disk.ts';
import { GitError } from './git-fault.ts';
import type { Git } from './git.ts';
import { orAborted } from './or-aborted.ts';
import { dropRefLocks, settleRepository } from './own-repository.ts';
import type { Places } from './places.ts';
import type { Remotes, Target } from './remotes.ts';
import { checkSeal, setWritable, writeSeal } from './seal.ts';

export interface Mirror {
  readonly gitDir: string;
  readonly objects: string;
  /** Every branch and tag with its commit, by full name. */
  readonly refs: ReadonlyMap<string, string>;
}

export interface Mirrors {
  /** As the remote is now. One fetch at a time for each project; whoever no longer wants it does not wait for its turn. */
  refresh(project: Target, signal?: AbortSignal): Promise<Mirror>;
}

export interface MirrorDeps {
  readonly git: Git;
  readonly remotes: Remotes;
  readonly places: Places;
  readonly trash: Trash;
}

const FETCH_MS = 30 * 60_000;
/** Each fetch that brings something adds a pack, and each object is looked for in all of them. */
const MAX_PACKS = 40;
const REFSPECS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

export function createMirrors(deps: MirrorDeps): Mirrors {
  const queues = new Map<string, Promise<unknown>>();
  return {
    async refresh(project, signal = NEVER) {
      const before = queues.get(project.name) ?? Promise.resolve();
      const mine = before.then(() => {
        if (signal.aborted) throw notWanted();
        return refresh(project, { ...deps, remotes: deps.remotes.until(signal) });
      });
      queues.set(
        project.name,
        mine.catch(() => {}),
      );
      // Not wanted any more: a fetch that has begun is ended, and nobody waits for that.
      const mirror = await orAborted(mine, signal);
      if (mirror === undefined) throw notWanted();
      return mirror;
    },
  };
}

const NEVER = new AbortController().signal;
const notWanted = () => new GitError('timeout', 'Git was ended.');

async function refresh(project: Target, deps: MirrorDeps): Promise<Mirror> {
  const gitDir = deps.places.mirror(project.name);
  const seal = `${gitDir}.seal`;
  if (!(await isSound(gitDir, seal, deps))) remove(gitDir, deps.trash);
  try {
    return await fetchInto(gitDir, project, deps);
  } catch (error) {
    if (!(error instanceof GitError) || error.kind !== 'corrupt') throw error;
    remove(gitDir, deps.trash);
    return fetchInto(gitDir, project, deps);
  }
}

async function isSound(gitDir: string, seal: string, { git }: MirrorDeps): Promise<boolean> {
  const objects = path.join(gitDir, 'objects');
  try {
    if (!fs.lstatSync(objects).isDirectory()) return false;
    if (checkSeal(objects, seal) === 'intact') return true;
    // Touched, or a fetch was cut off before it was sealed: only the hashes know.
    setWritable(objects, true);
    settleRepository(gitDir, { isBare: true, alternates: [] });
    await git.run(['fsck', '--full', '--no-dangling', '--no-reflogs', '--no-progress'], {
      gitDir,
      timeoutMs: FETCH_MS,
    });
    return true;
  } catch {
    return false;
  }
}

/** Aside first: whoever still reads from it keeps the open files, and nobody sees half of it. */
function remove(gitDir: string, trash: Trash): void {
  fs.rmSync(`${gitDir}.seal`, { force: true });
  trash.discard(gitDir);
}

async function fetchInto(gitDir: string, project: Target, deps: MirrorDeps): Promise<Mirror> {
  const objects = path.join(gitDir, 'objects');
  if (fs.existsSync(objects)) setWritable(objects, true);
  settleRepository(gitDir, { isBare: true, alternates: [] });
  dropRefLocks(gitDir);
  const { git, remotes } = deps;
  try {
    await remotes.use(project, null, ({ url, env, signal }) =>
      git.run(
        [
          '-c',
          'fetch.unpackLimit=1',
          'fetch',
          '-q',
          '--prune',
          '--no-tags',
          '--no-write-fetch-head',
          url,
          ...REFSPECS,
        ],
        { gitDir, env, signal, timeoutMs: FETCH_MS },
      ),
    );
    await repack(gitDir, git);
  } finally {
    emptyFolder(gitDir, /^(tmp_|.*\.lock$)/);
    setWritable(objects, false);
    // After a failed fetch, too: what it left is as good as before, and need not be hashed.
    writeSeal(objects, `${gitDir}.seal`);
  }
  return { gitDir, objects, refs: await readRefs(gitDir, git) };
}

/** Nothing is dropped: a run that lives may borrow what no branch of the remote reaches any more. */
async function repack(gitDir: string, git: Git): Promise<void> {
  const packs = fs.readdirSync(path.join(gitDir, 'objects/pack')).filter((name) => name.endsWith('.pack'));
  if (packs.length <= MAX_PACKS) return;
  await git.run(['repack', '-q', '-a', '-d', '--keep-unreachable'], { gitDir, timeoutMs: FETCH_MS });
}

async function readRefs(gitDir: string, git: Git): Promise<ReadonlyMap<string, string>> {
  const { text } = await git.run(['for-each-ref', '--format=%(objectname) %(refname)'], { gitDir });
  const lines = text === '' ? [] : text.split('\n');
  return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}
