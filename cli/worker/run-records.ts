/** A note about each run that is under way, which outlives the worker: the next one sweeps, saves and delivers by it. */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { writePrivate } from '../files.ts';
import type { Trash } from './disk.ts';
import type { Places } from './places.ts';
import type { Workspace } from './workspace-shape.ts';

const recordSchema = z.object({
  taskId: z.number(),
  run: z.number(),
  branch: z.string(),
  project: z.string(),
  root: z.string(),
  folders: z.object({ tree: z.string(), home: z.string(), temp: z.string(), config: z.string() }),
  projectConfig: z.string().nullable().default(null),
  saveDir: z.string(),
  alternates: z.array(z.string()),
  base: z.string(),
  start: z.string(),
  tip: z.string().nullable(),
  restoredFrom: z.number().nullable(),
  untaken: z.array(z.string()).default([]),
  notices: z.array(z.string()).default([]),
  facts: z.record(z.string(), z.unknown()),
});

export function remember(workspace: Workspace, places: Places): Workspace {
  writePrivate(places.record(workspace.taskId, workspace.run), `${JSON.stringify(workspace)}\n`);
  return workspace;
}

/** More facts, once they are known: the session, for one. */
export function rememberFacts(workspace: Workspace, facts: Workspace['facts'], places: Places): Workspace {
  return remember({ ...workspace, facts: { ...workspace.facts, ...facts } }, places);
}

/** Runs of a worker that is gone: to be swept, saved and delivered before anything new is claimed. */
export function leftoverWorkspaces(places: Places): Workspace[] {
  return recorded(places).flatMap(({ file }) => {
    try {
      return [recordSchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')))];
    } catch {
      return [];
    }
  });
}

/** Also of runs whose record cannot be read: by that alone nothing is thrown away. */
function recorded({ records }: Places): { file: string; taskId: number; run: number }[] {
  if (!fs.existsSync(records)) return [];
  return fs.readdirSync(records).flatMap((name) => {
    const [, taskId, run] = /^(\d+)-(\d+)\.json$/.exec(name) ?? [];
    if (taskId === undefined || run === undefined) return [];
    return [{ file: path.join(records, name), taskId: Number(taskId), run: Number(run) }];
  });
}

/** What no record tells of: a worker died while it made or removed it. */
export function discardStrays({ places, trash }: { places: Places; trash: Trash }): void {
  const known = new Set(
    recorded(places).flatMap(({ taskId, run }) => [places.run(taskId, run), places.save(taskId, run)]),
  );
  for (const folder of [places.run(0, 0), places.save(0, 0)].map((one) => path.dirname(one))) {
    if (!fs.existsSync(folder)) continue;
    const strays = fs.readdirSync(folder).map((name) => path.join(folder, name));
    for (const stray of strays.filter((one) => !known.has(one))) trash.discard(stray);
  }
}
