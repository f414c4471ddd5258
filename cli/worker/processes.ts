/**
 * Processes of a run: started in a group of their own, found again, ended. A process is known by its id and the
 * moment it began, so that an id which the system gave to somebody else meanwhile is never killed.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

export interface Found {
  readonly pid: number;
  readonly parent: number;
  /** Differs between two processes that had the same id. */
  readonly began: string;
}

/** The whole group, or nothing if none of it is left. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  signalQuietly(-leader, signal);
}

export function killFound(found: Iterable<Found>): void {
  const living = new Map(allProcesses().map((process) => [process.pid, process.began]));
  for (const { pid, began } of found) if (living.get(pid) === began) signalQuietly(pid, 'SIGKILL');
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, or never ours: there is nothing to end.
  }
}

/** Children, their children and so on; not the process itself. */
export function descendantsOf(root: number): Found[] {
  const all = allProcesses();
  const known = new Set([root]);
  const found: Found[] = [];
  // A parent can have a higher id than its child once ids were all used, so the pass is repeated until it adds nothing.
  for (let before = -1; before !== found.length;) {
    before = found.length;
    for (const process of all) {
      if (!known.has(process.parent) || known.has(process.pid)) continue;
      known.add(process.pid);
      found.push(process);
    }
  }
  return found;
}

/** Processes that were started with this text in their environment. Linux only; elsewhere none are found. */
export function carriersOf(marker: string): Found[] {
  if (process.platform !== 'linux') return [];
  return allProcesses().filter(({ pid }) => readQuietly(`/proc/${pid}/environ`).includes(marker));
}

function allProcesses(): Found[] {
  return process.platform === 'linux' ? fromProc() : fromPs();
}

function fromProc(): Found[] {
  const ids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    // The name in brackets may hold anything, so the fields are counted from the last bracket on.
    const stat = readQuietly(`/proc/${id}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    const began = fields[19];
    if (state === 'Z' || parent === undefined || began === undefined) return [];
    return [{ pid: Number(id), parent: Number(parent), began }];
  });
}

function fromPs(): Found[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,lstart='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, began] = /^\s*(\d+)\s+(\d+)\s+(.*\S)/.exec(line) ?? [];
    if (began === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), began }];
  });
}

function readQuietly(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
