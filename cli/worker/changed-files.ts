/**
 * Brings an index of the worker's own to what lies in a run's tree. Not by `git add`: that asks a repository inside
 * the tree for its state, with the configuration that lies there. Files are listed, looked at, and handed over one by
 * one; what cannot be taken is named.
 */
import fs from 'node:fs';
import { codeOf } from '../errors.ts';
import { isTooLarge } from './file-size.ts';
import { GitError, type GitFaultKind } from './git-fault.ts';
import type { Git, GitCall } from './git.ts';
import { createLeftOut, someOf, type LeftOut } from './left-out.ts';

export interface Index {
  readonly git: Git;
  /** With the worker's GIT_DIR, its index, and the run's tree. */
  readonly call: GitCall & { readonly indexFile: string };
  readonly tree: string;
  /** A file that is missing was never checked out: not a deletion. */
  readonly isSparse: boolean;
  /** A sandbox lays empty files over what a run must not write, and they can stay behind. */
  readonly hasMasks: boolean;
}

/** A run that lives may put a pipe where git reads: it is not waited for as long as for a slow disk. */
const LOOK_MS = 5 * 60_000;

/** Returns a sentence about each kind of thing that was left out. */
export async function takeTree(commit: string, index: Index): Promise<string[]> {
  const { git } = index;
  const call = { ...index.call, timeoutMs: LOOK_MS };
  // A merge with one tree keeps what the index knows about files that are the same: they are not read again.
  await git.run(['read-tree', '-m', commit], call).catch(() => {
    // An index that cannot be read is of no use: all files are looked at anew.
    fs.rmSync(call.indexFile, { force: true });
    return git.run(['read-tree', '--reset', commit], call);
  });
  await git.run(['update-index', '-q', '--refresh'], { ...call, answers: [1] });
  const left = createLeftOut();
  const paths = await changedPaths(git, call, left);
  const taken = paths.filter((one) => isTaken(one, index, left));
  await update(taken, index, left);
  return left.sentences();
}

/** What lies in the tree, and git is told to ignore. Of folders, which nothing else lies in, only their names. */
export async function ignoredFiles({ git, call }: Pick<Index, 'git' | 'call'>): Promise<string | undefined> {
  const which = ['--others', '--ignored', '--exclude-standard', '--directory', '--no-empty-directory'];
  const { stdout } = await git.run(['ls-files', '-z', ...which], { ...call, timeoutMs: LOOK_MS });
  const names = split(stdout).map((name) => name.toString('utf8').replace(/[\u0000-\u001f\u007f]/g, '?'));
  if (names.length === 0) return undefined;
  const what = names.length === 1 ? 'One file or folder' : `${names.length} files and folders`;
  return `${what} that .gitignore names ${names.length === 1 ? 'was' : 'were'} left out: ${someOf(names)}.`;
}

interface ChangedPath {
  readonly bytes: Buffer;
  readonly isNew: boolean;
}

async function changedPaths(git: Git, call: GitCall, left: LeftOut): Promise<ChangedPath[]> {
  const list = async (isNew: boolean, ...which: string[]) => {
    const { stdout, stderr } = await git.run(['ls-files', '-z', ...which], call);
    for (const [, folder = ''] of stderr.matchAll(/^warning: could not open directory '(.+)': /gm)) {
      left.add('unreadable', Buffer.from(folder));
    }
    return split(stdout).map((bytes) => ({ bytes, isNew }));
  };
  const tracked = await list(false, '--modified', '--deleted');
  const untracked = await list(true, '--others', '--exclude-standard');
  const unique = new Map([...tracked, ...untracked].map((one) => [one.bytes.toString('latin1'), one]));
  return [...unique.values()];
}

export function split(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    parts.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return parts;
}

const SLASH = '/'.charCodeAt(0);

function isTaken(changed: ChangedPath, { tree, isSparse, hasMasks }: Index, left: LeftOut): boolean {
  const { bytes, isNew } = changed;
  const leaveOut = (why: Parameters<LeftOut['add']>[0]) => (left.add(why, bytes), false);
  if (bytes.at(-1) === SLASH) return leaveOut('repository');
  const file = Buffer.concat([Buffer.from(`${tree}/`), bytes]);
  try {
    const stat = fs.lstatSync(file);
    if (isNew && hasMasks && isMask(bytes, stat)) return false;
    const why = whyNot(file, stat);
    return why === null || leaveOut(why);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return !isNew && !isSparse;
    return leaveOut('unreadable');
  }
}

/** Throws where it may not be read. Its owner may, whatever the run has set: git keeps no such mode anyway. */
function whyNot(file: Buffer, stat: fs.Stats): 'kind' | 'large' | null {
  if (!stat.isFile()) return stat.isSymbolicLink() || stat.isDirectory() ? null : 'kind';
  if (isTooLarge(stat)) return 'large';
  if ((stat.mode & 0o400) === 0) fs.chmodSync(file, (stat.mode & 0o777) | 0o400);
  fs.accessSync(file, fs.constants.R_OK);
  return null;
}

const MASKS = [
  '.bashrc',
  '.bash_profile',
  '.profile',
  '.zshrc',
  '.zprofile',
  '.gitconfig',
  '.gitmodules',
  '.mcp.json',
  '.ripgreprc',
];

function isMask(bytes: Buffer, stat: fs.Stats): boolean {
  const name = bytes.toString('latin1');
  return stat.size === 0 && !stat.isSymbolicLink() && (name.startsWith('.claude/') || MASKS.includes(name));
}

/** What says nothing about a file. */
const OTHER_FAULTS: readonly GitFaultKind[] = ['disk', 'timeout', 'killed', 'locked'];

/** One file that cannot be taken stops all: then the halves are tried, down to the one. */
async function update(paths: readonly ChangedPath[], index: Index, left: LeftOut): Promise<void> {
  if (paths.length === 0) return;
  const input = Buffer.concat(paths.flatMap(({ bytes }) => [bytes, Buffer.of(0)]));
  try {
    const how = ['--add', '--remove', '--replace', '--stdin'];
    const { stderr } = await index.git.run(['update-index', '-z', ...how], { ...index.call, input });
    for (const [, name = ''] of stderr.matchAll(/^Ignoring path (.+)$/gm))
      left.add('name', Buffer.from(name));
  } catch (error) {
    if (!(error instanceof GitError) || OTHER_FAULTS.includes(error.kind)) throw error;
    const [only] = paths;
    if (paths.length === 1 && only !== undefined) {
      left.add('unreadable', only.bytes);
      return;
    }
    const middle = Math.ceil(paths.length / 2);
    await update(paths.slice(0, middle), index, left);
    await update(paths.slice(middle), index, left);
  }
}
