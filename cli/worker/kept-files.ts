/**
 * Work that is not on the remote: a bundle for each branch under `kept/`, with a note beside it that says what it
 * belongs to. Never removed but by whoever pushes it; newer work that does not contain the older gets a number.
 */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { writePrivate } from '../files.ts';
import type { Git } from './git.ts';
import { createHistory } from './history.ts';
import type { Places } from './places.ts';
import type { WorkerSettings } from './settings.ts';
import type { Wanted } from './workspace-shape.ts';

const noteSchema = z.object({
  task_id: z.number(),
  project: z.string(),
  /** The branch it belongs on, without the bundle's number. */
  branch: z.string(),
  commit: z.string(),
  base: z.string(),
  why: z.string(),
  kept_at: z.string(),
});

export interface KeptWork extends z.infer<typeof noteSchema> {
  /** Absolute. */
  readonly bundle: string;
}

export function listKept({ kept }: Pick<Places, 'kept'>): KeptWork[] {
  if (!fs.existsSync(kept)) return [];
  const files = fs.readdirSync(kept, { recursive: true, encoding: 'utf8' });
  const work = files.flatMap((name) => {
    if (!name.endsWith('.bundle')) return [];
    const bundle = path.join(kept, name);
    const note = readNote(bundle);
    return note === undefined ? [] : [{ ...note, bundle }];
  });
  return work.sort((one, other) => one.kept_at.localeCompare(other.kept_at));
}

function readNote(bundle: string): z.infer<typeof noteSchema> | undefined {
  try {
    return noteSchema.parse(JSON.parse(fs.readFileSync(noteOf(bundle), 'utf8')));
  } catch {
    return undefined;
  }
}

function noteOf(bundle: string): string {
  return bundle.replace(/\.bundle$/, '.json');
}

export interface Keeping {
  readonly git: Git;
  /** The worker's own repository that holds the commit. */
  readonly gitDir: string;
  readonly places: Places;
  readonly author: WorkerSettings['git'];
}

/** Returns the bundle's path once it is on the disk. */
export async function keepWork(note: Omit<KeptWork, 'bundle'>, keeping: Keeping): Promise<string> {
  const { git, gitDir, places } = keeping;
  const bundle = await freeName(note, keeping);
  fs.mkdirSync(path.dirname(bundle), { recursive: true, mode: 0o700 });
  const ref = `refs/heads/${note.branch}`;
  await git.run(['update-ref', ref, note.commit], { gitDir });
  const temporary = path.join(places.kept, `.${note.task_id}-${process.pid}.tmp`);
  await git.run(['bundle', 'create', '-q', temporary, ref, `^${note.base}`], { gitDir });
  const descriptor = fs.openSync(temporary, 'r');
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  // The note first: a bundle without one would not be listed, a note without a bundle is nothing.
  writePrivate(noteOf(bundle), `${JSON.stringify(note, null, 2)}\n`);
  fs.renameSync(temporary, bundle);
  return bundle;
}

/** The one of this branch that the new work contains is replaced; any other stays as it is. */
async function freeName(
  note: Omit<KeptWork, 'bundle'>,
  { git, gitDir, places, author }: Keeping,
): Promise<string> {
  const history = createHistory({ git, gitDir, author });
  const kept = listKept(places);
  for (let number = 1; ; number += 1) {
    const bundle = path.join(places.kept, `${note.branch}${number === 1 ? '' : `-${number}`}.bundle`);
    const there = kept.find((one) => one.bundle === bundle);
    if (there === undefined && !fs.existsSync(bundle)) return bundle;
    if (there?.branch === note.branch && (await contains(note.commit, there.commit))) return bundle;
  }

  async function contains(newer: string, older: string): Promise<boolean> {
    return (await history.ref(`${older}^{commit}`)) !== undefined && (await history.isAncestor(older, newer));
  }
}

/** Unless a worker has put newer work in its place meanwhile. */
export function removeKept({ bundle, commit }: KeptWork): void {
  if (readNote(bundle)?.commit !== commit) return;
  fs.rmSync(bundle, { force: true });
  fs.rmSync(noteOf(bundle), { force: true });
}

/** The newest kept commit of a task's branch, fetched into `gitDir`; undefined where there is none that can be used. */
export async function keptTip(
  { taskId, branch, project }: Wanted,
  { git, gitDir, places }: Pick<Keeping, 'git' | 'gitDir' | 'places'>,
): Promise<string | undefined> {
  const own = (one: KeptWork) =>
    one.task_id === taskId && one.branch === branch && one.project === project.name;
  for (const work of listKept(places).filter(own).reverse()) {
    if (await unbundle(work, { git, gitDir })) return work.commit;
  }
  return undefined;
}

export async function unbundle(
  { bundle, branch, commit }: KeptWork,
  { git, gitDir }: Pick<Keeping, 'git' | 'gitDir'>,
): Promise<boolean> {
  const how = ['-c', 'fetch.fsckObjects=true', 'fetch', '-q', '--no-tags', '--no-write-fetch-head'];
  const { code } = await git.run([...how, bundle, `+refs/heads/${branch}:refs/run/kept`], {
    gitDir,
    answers: [1, 128],
  });
  if (code !== 0) return false;
  const found = await git.run(['rev-parse', '-q', '--verify', 'refs/run/kept'], { gitDir, answers: [1] });
  return found.text === commit;
}
