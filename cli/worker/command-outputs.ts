/**
 * The output of a command while it runs: the session tells it only at the end, but writes it to files in its own part
 * of the temp folder. Growth there is a sign of life; what is written is not read.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { RunClock } from './clock.ts';

const LOOK_MS = 5_000;
/** `claude-<uid>/<folder>/<session>/tasks/*.output` */
const DEPTH = 4;

export function watchOutputs(temp: string, clock: RunClock, onGrowth: () => void): { stop(): void } {
  let known = 0;
  let callOff = clock.after(LOOK_MS, look);

  function look(): void {
    const size = sizeUnder(temp, DEPTH);
    if (size !== known) onGrowth();
    known = size;
    callOff = clock.after(LOOK_MS, look);
  }

  return {
    stop: () => {
      callOff();
    },
  };
}

function sizeUnder(folder: string, depth: number): number {
  let sum = 0;
  for (const entry of entriesOf(folder)) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory() && depth > 0 && isSessionPart(entry.name, depth)) sum += sizeUnder(at, depth - 1);
    else if (entry.isFile() && depth === 0 && entry.name.endsWith('.output')) sum += sizeOf(at);
  }
  return sum;
}

/** Everything else in the temp folder belongs to commands, and can be large. */
function isSessionPart(name: string, depth: number): boolean {
  if (depth === DEPTH) return name.startsWith('claude-');
  return depth > 1 || name === 'tasks';
}

function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** The run may have moved it away meanwhile, or put something else there. */
function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file).size;
  } catch {
    return 0;
  }
}
