/**
 * Room on the disk, and how it is given back: clones at once, mirrors that nobody used for long, kept work never.
 * What goes is moved aside first, so that it is gone in one step, and then deleted, read-only folders included.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from '../errors.ts';
import type { Places } from './places.ts';

export function freeBytes(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

export interface Trash {
  /** Gone when it returns; the room comes back with `empty`. */
  discard(folder: string): void;
  /** Also what an earlier worker did not get to. */
  empty(): Promise<void>;
}

export function createTrash({ trash }: Pick<Places, 'trash'>): Trash {
  return {
    discard(folder) {
      fs.mkdirSync(trash, { recursive: true, mode: 0o700 });
      const aside = path.join(trash, `${Date.now()}-${randomBytes(6).toString('hex')}`);
      try {
        fs.renameSync(folder, aside);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return;
        // A folder that may not be written cannot be moved.
        if (!fs.lstatSync(folder).isDirectory()) throw error;
        fs.chmodSync(folder, 0o700);
        fs.renameSync(folder, aside);
      }
    },
    async empty() {
      if (!fs.existsSync(trash)) return;
      for (const name of await fs.promises.readdir(trash)) await removeTree(path.join(trash, name));
    },
  };
}

/** Whatever modes a run gave to its folders. Symbolic links are removed, never followed. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await fs.promises.rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(codeOf(error))) throw error;
    await openUp(folder);
    await fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openUp(folder: string): Promise<void> {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return;
  fs.chmodSync(folder, 0o700);
  for (const name of await fs.promises.readdir(folder)) await openUp(path.join(folder, name));
}

/** Files directly in a folder and in its folders of packs that a killed git left behind. */
export function emptyFolder(gitDir: string, names: RegExp): void {
  for (const folder of [gitDir, path.join(gitDir, 'objects/pack')]) {
    if (!fs.existsSync(folder)) continue;
    for (const name of fs.readdirSync(folder).filter((one) => names.test(one))) {
      fs.rmSync(path.join(folder, name), { force: true });
    }
  }
}

export interface OldMirrors {
  readonly places: Places;
  readonly trash: Trash;
  readonly now: number;
  readonly maxAgeMs: number;
  /** Projects whose objects somebody borrows: those of live runs. */
  readonly inUse: ReadonlySet<string>;
}

/** Returns the projects whose mirrors went. One with work in its store stays: that work borrows from it. */
export function discardOldMirrors({ places, trash, now, maxAgeMs, inUse }: OldMirrors): string[] {
  const folder = path.dirname(places.mirror('any'));
  if (!fs.existsSync(folder)) return [];
  const projects = fs.readdirSync(folder).flatMap((name) => /^(.+)\.git$/.exec(name)?.[1] ?? []);
  const old = projects.filter((project) => {
    const seal = fs.statSync(`${places.mirror(project)}.seal`, { throwIfNoEntry: false });
    const isOld = now - (seal?.mtimeMs ?? 0) > maxAgeMs;
    return isOld && !inUse.has(project) && !hasSaves(places.store(project));
  });
  for (const project of old) {
    trash.discard(places.mirror(project));
    trash.discard(places.store(project));
    fs.rmSync(`${places.mirror(project)}.seal`, { force: true });
  }
  return old;
}

function hasSaves(store: string): boolean {
  const refs = path.join(store, 'refs/athena');
  if (!fs.existsSync(refs)) return fs.existsSync(path.join(store, 'packed-refs'));
  return fs.readdirSync(refs, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile());
}
