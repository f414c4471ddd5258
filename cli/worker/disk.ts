/**
 * Room on the disk, and how it is given back: clones at once, mirrors that nobody used for long, kept work never.
 * What goes is moved aside first, so that it is gone in one step, and then deleted, read-only folders included.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
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
        // A folder that may not be written cannot be moved, nor what lies in it.
        const ours = [path.dirname(folder), folder];
        for (const one of ours) if (fs.lstatSync(one).isDirectory()) fs.chmodSync(one, 0o700);
        fs.renameSync(folder, aside);
      }
    },
    async empty() {
      if (!fs.existsSync(trash)) return;
      const left: unknown[] = [];
      for (const name of await fs.promises.readdir(trash)) {
        await removeTree(path.join(trash, name)).catch((error: unknown) => left.push(error));
      }
      if (left.length > 0) throw left[0];
    },
  };
}

/** Whatever modes a run gave to its folders. Symbolic links are removed, never followed. */
export async function removeTree(folder: string): Promise<void> {
  const remove = () => fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    await remove().catch(async () => {
      await openUp(folder);
      await remove();
    });
  } catch {
    // Deeper than a path can be long: these go down step by step.
    await inSteps('chmod', '-R', 'u+rwX', folder).catch(() => {});
    await inSteps('rm', '-rf', folder);
  }
}

const inSteps = (program: string, ...args: readonly string[]) =>
  promisify(execFile)(program, args, { cwd: '/', env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' } });

/** So that its owner gets at all that lies in it. What cannot be opened stays as it is. */
async function openUp(folder: string): Promise<void> {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return;
  if ((stat.mode & 0o700) !== 0o700) fs.chmodSync(folder, (stat.mode & 0o777) | 0o700);
  for (const entry of await fs.promises.readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(path.join(folder, entry.name));
  }
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
