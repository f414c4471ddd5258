/**
 * Brings an index of the worker's own to what lies in a run's tree. Not by `git add`: that asks a repository inside
 * the tree for its state, with the configuration that lies there. Files are listed, looked at, and handed over one by
 * one; what cannot be taken is named.
 */
import fs from 'node:fs';
import { codeOf } from '../errors.ts';
import { GitError, type GitFaultKind } from './git-fault.ts';
import type { Git, GitCall } from './git.ts';

export interface Index {
  readonly git: Git;
  /** With the worker's GIT_DIR, its index, and the run's tree. */
  readonly call: GitCall & { readonly indexFile: string };
  readonly tree: string;
  /** A file that is missing was never checked out: not a deletion. */
  readonly isSparse: boolean;
}

/** What most hosts take at most. A file of this size is hardly ever meant to be committed. */
const LARGEST_FILE = 100 * 1024 * 1024;
const MOST_NAMED = 10;

/** Returns a sentence about each kind of thing that was left out. */
export async function takeTree(commit: string, index: Index): Promise<string[]> {
  const { git, call } = index;
  // A merge with one tree keeps what the index knows about files that are the same: they are not read again.
  await git.run(['read-tree', '-m', commit], call).catch(() => {
    // An index that cannot be read is of no use: all files are looked at anew.
    fs.rmSync(call.indexFile, { force: true });
    return git.run(['read-tree', '--reset', commit], call);
  });
  await git.run(['update-index', '-q', '--refresh'], { ...call, answers: [1] });
  const paths = await changedPaths(index);
  const left: LeftOut = new Map();
  const taken = paths.filter((one) => isTaken(one, index, left));
  await update(taken, index, left);
  return sentences(left);
}

interface ChangedPath {
  readonly bytes: Buffer;
  readonly isNew: boolean;
}

async function changedPaths({ git, call }: Index): Promise<ChangedPath[]> {
  const list = async (isNew: boolean, ...which: string[]) => {
    const { stdout } = await git.run(['ls-files', '-z', ...which], call);
    return split(stdout).map((bytes) => ({ bytes, isNew }));
  };
  const tracked = await list(false, '--modified', '--deleted');
  const untracked = await list(true, '--others', '--exclude-standard');
  const unique = new Map([...tracked, ...untracked].map((one) => [one.bytes.toString('latin1'), one]));
  return [...unique.values()];
}

function split(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    parts.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return parts;
}

type Why = 'large' | 'unreadable' | 'repository' | 'kind';

const SENTENCES: Record<Why, string> = {
  large: 'Left out, since they are larger than 100 MiB',
  unreadable: 'Left out, since they cannot be read',
  repository: 'Left out, since they are repositories of their own',
  kind: 'Left out, since they are neither files nor links',
};

type LeftOut = Map<Why, string[]>;

function leaveOut(left: LeftOut, why: Why, bytes: Buffer): false {
  const named = left.get(why) ?? [];
  named.push(bytes.toString('utf8').replace(/[\u0000-\u001f\u007f]/g, '?'));
  left.set(why, named);
  return false;
}

function sentences(left: LeftOut): string[] {
  return [...left].map(([why, paths]) => {
    const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : '';
    return `${SENTENCES[why]}: ${paths.slice(0, MOST_NAMED).join(', ')}${more}.`;
  });
}

const SLASH = '/'.charCodeAt(0);

function isTaken(changed: ChangedPath, { tree, isSparse }: Index, left: LeftOut): boolean {
  const { bytes, isNew } = changed;
  if (bytes.at(-1) === SLASH) return leaveOut(left, 'repository', bytes);
  const file = Buffer.concat([Buffer.from(`${tree}/`), bytes]);
  try {
    const stat = fs.lstatSync(file);
    if (isNew && isMask(bytes, stat)) return false;
    const why = whyNot(file, stat);
    return why === null || leaveOut(left, why, bytes);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return !isNew && !isSparse;
    return leaveOut(left, 'unreadable', bytes);
  }
}

/** Throws where it may not be read. */
function whyNot(file: Buffer, stat: fs.Stats): Why | null {
  if (!stat.isFile()) return stat.isSymbolicLink() || stat.isDirectory() ? null : 'kind';
  if (stat.size > LARGEST_FILE) return 'large';
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

/** A sandbox lays empty files over what a run must not write, and they can stay behind. */
function isMask(bytes: Buffer, stat: fs.Stats): boolean {
  const name = bytes.toString('latin1');
  return stat.size === 0 && !stat.isSymbolicLink() && (name.startsWith('.claude/') || MASKS.includes(name));
}

const NO_FILES_FAULT: readonly GitFaultKind[] = ['disk', 'timeout', 'killed', 'locked'];

/** One file that cannot be taken stops all: then the halves are tried, down to the one. */
async function update(paths: readonly ChangedPath[], index: Index, left: LeftOut): Promise<void> {
  if (paths.length === 0) return;
  const input = Buffer.concat(paths.flatMap(({ bytes }) => [bytes, Buffer.of(0)]));
  try {
    await index.git.run(['update-index', '-z', '--add', '--remove', '--replace', '--stdin'], {
      ...index.call,
      input,
    });
  } catch (error) {
    if (!(error instanceof GitError) || NO_FILES_FAULT.includes(error.kind)) throw error;
    const [only] = paths;
    if (paths.length === 1 && only !== undefined) {
      leaveOut(left, 'unreadable', only.bytes);
      return;
    }
    const middle = Math.ceil(paths.length / 2);
    await update(paths.slice(0, middle), index, left);
    await update(paths.slice(middle), index, left);
  }
}
