/**
 * Where a run's clone stands, read by hand: git is never run on a `.git` that a run could write. Anything that is not
 * a plain, small file inside that folder counts as missing.
 */
import fs from 'node:fs';
import path from 'node:path';

export interface RunHeads {
  /** What is checked out. */
  readonly head: string | undefined;
  /** The task's branch. */
  readonly branch: string | undefined;
  /** Files may be missing from the tree on purpose. */
  readonly isSparse: boolean;
}

const LARGEST_REF = 4096;
const LARGEST_PACKED = 16 * 1024 * 1024;
const COMMIT = /^[0-9a-f]{40}$/;

export function readRunHeads(tree: string, branch: string): RunHeads {
  const gitDir = path.join(tree, '.git');
  if (!isPlainFolder(gitDir)) return { head: undefined, branch: undefined, isSparse: false };
  const head = readPlain(gitDir, 'HEAD', LARGEST_REF);
  const symbolic = /^ref: (refs\/\S+)$/.exec(head ?? '')?.[1];
  return {
    head: symbolic === undefined ? toCommit(head) : readRef(gitDir, symbolic),
    branch: readRef(gitDir, `refs/heads/${branch}`),
    isSparse: readPlain(gitDir, 'info/sparse-checkout', LARGEST_PACKED) !== undefined,
  };
}

function readRef(gitDir: string, name: string): string | undefined {
  if (name.split('/').includes('..')) return undefined;
  return toCommit(readPlain(gitDir, name, LARGEST_REF)) ?? readPacked(gitDir, name);
}

function readPacked(gitDir: string, name: string): string | undefined {
  const lines = readPlain(gitDir, 'packed-refs', LARGEST_PACKED)?.split('\n') ?? [];
  return toCommit(lines.find((line) => line.endsWith(` ${name}`))?.slice(0, 40));
}

function toCommit(text: string | undefined): string | undefined {
  return text !== undefined && COMMIT.test(text) ? text : undefined;
}

/** Without blanks at its ends. A link on the way, a pipe, or a file that grows without end is not read. */
function readPlain(gitDir: string, name: string, most: number): string | undefined {
  const parts = name.split('/');
  const folders = parts.slice(0, -1).map((_, at) => path.join(gitDir, ...parts.slice(0, at + 1)));
  if (!folders.every(isPlainFolder)) return undefined;
  let descriptor: number | undefined;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    descriptor = fs.openSync(path.join(gitDir, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile() || stat.size > most) return undefined;
    const bytes = Buffer.alloc(Math.min(stat.size, most));
    const length = fs.readSync(descriptor, bytes, 0, bytes.length, 0);
    return bytes.toString('utf8', 0, length).trim();
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

export function isPlainFolder(folder: string): boolean {
  return fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
