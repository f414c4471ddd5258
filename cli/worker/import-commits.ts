/**
 * Takes commits out of a run's clone without running git on it. Its files of objects are linked, by name, into a
 * repository of the worker's own, and fetched from there with every object hashed and checked: a lie in them is found,
 * a pipe or a link among them is left behind, and no setting of the clone is ever read.
 */
import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from '../errors.ts';
import type { Git } from './git.ts';
import { settleRepository } from './own-repository.ts';
import { isPlainFolder } from './run-refs.ts';

export interface Import {
  readonly git: Git;
  /** The run's clone. */
  readonly tree: string;
  /** Gets them; borrows from `alternates`. */
  readonly gitDir: string;
  readonly alternates: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const IMPORT_MS = 10 * 60_000;
const LOOSE_FOLDER = /^[0-9a-f]{2}$/;
const LOOSE_OBJECT = /^[0-9a-f]{38}$/;
const PACK = /^pack-[0-9a-f]{40}\.(pack|idx)$/;

/** Which of the commits can be used now: all that were there, and all that could be fetched. */
export async function importCommits(
  commits: readonly string[],
  wanted: Import,
): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  for (const commit of new Set(commits)) {
    const isThere = (await hasCommit(commit, wanted)) || (await fetchOne(commit, wanted));
    if (isThere) present.add(commit);
  }
  return present;
}

/** With all that it consists of: a run may have put a commit there whose files never existed. */
async function hasCommit(commit: string, { git, gitDir }: Import): Promise<boolean> {
  const { code } = await git.run(['rev-parse', '-q', '--verify', `refs/run/have/${commit}^{commit}`], {
    gitDir,
    answers: [1, 128],
  });
  return code === 0;
}

async function fetchOne(commit: string, wanted: Import): Promise<boolean> {
  const { git, gitDir, signal } = wanted;
  const quarantine = path.join(gitDir, 'quarantine.git');
  try {
    fs.rmSync(quarantine, { recursive: true, force: true });
    const alternates = [path.join(gitDir, 'objects'), ...wanted.alternates];
    settleRepository(quarantine, { isBare: true, alternates });
    linkObjects(path.join(wanted.tree, '.git/objects'), path.join(quarantine, 'objects'));
    fs.writeFileSync(path.join(quarantine, 'refs/heads/wanted'), `${commit}\n`);
    const checked = ['-c', 'fetch.fsckObjects=true', '-c', 'fetch.unpackLimit=1'];
    const how = ['fetch', '-q', '--no-tags', '--no-write-fetch-head', quarantine];
    await git.run([...checked, ...how, `+refs/heads/wanted:refs/run/have/${commit}`], {
      gitDir,
      signal,
      timeoutMs: IMPORT_MS,
    });
    return true;
  } catch {
    return false;
  } finally {
    fs.rmSync(quarantine, { recursive: true, force: true });
  }
}

function linkObjects(from: string, to: string): void {
  if (!isPlainFolder(path.dirname(from)) || !isPlainFolder(from)) return;
  for (const name of fs.readdirSync(from)) {
    const names = name === 'pack' ? PACK : LOOSE_FOLDER.test(name) ? LOOSE_OBJECT : undefined;
    const folder = path.join(from, name);
    if (names !== undefined && isPlainFolder(folder)) linkFiles(folder, path.join(to, name), names);
  }
}

function linkFiles(from: string, to: string, names: RegExp): void {
  fs.mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of fs.readdirSync(from).filter((one) => names.test(one))) {
    const target = path.join(to, name);
    try {
      fs.linkSync(path.join(from, name), target);
      // Looked at after the fact, where the run cannot exchange it any more.
      const stat = fs.lstatSync(target);
      if (!stat.isFile()) fs.rmSync(target);
      else if ((stat.mode & 0o400) === 0) fs.chmodSync(target, 0o400);
    } catch (error) {
      if (!['ENOENT', 'EPERM', 'EXDEV', 'EMLINK'].includes(codeOf(error))) throw error;
    }
  }
}
