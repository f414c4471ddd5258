/**
 * Processes of a run: started in a group of their own, found again, ended. A process is known by its id and the
 * moment it began, so that an id which the system gave to somebody else meanwhile is never killed.
 */
import { processesNow, readProc, type ProcessRow } from './process-table.ts';

/** The whole group, or nothing if none of it is left. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  signalQuietly(-leader, signal);
}

export function killFound(found: Iterable<ProcessRow>): void {
  const living = new Map(processesNow().map((process) => [process.pid, process.started]));
  for (const { pid, started } of found) if (living.get(pid) === started) signalQuietly(pid, 'SIGKILL');
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, or never ours: there is nothing to end.
  }
}

/** Children, their children and so on; not the process itself. */
export function descendantsOf(root: number): ProcessRow[] {
  const all = processesNow();
  const known = new Set([root]);
  const found: ProcessRow[] = [];
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
export function carriersOf(marker: string): ProcessRow[] {
  if (process.platform !== 'linux') return [];
  return processesNow().filter(({ pid }) => readProc(pid, 'environ')?.toString('latin1').includes(marker));
}
