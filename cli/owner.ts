/** Which process a saved write belongs to, and whether that process still lives. */
import fs from 'node:fs';
import { isRunning } from './files.ts';

export interface Owners {
  /** This process as a word that can stand in a file's name: number, start and machine. */
  readonly self: string;
  isAlive(owner: string): boolean;
}

export function createOwners(hostname: string): Owners {
  const host = hostname.replace(/[^A-Za-z0-9]/g, '_').slice(0, 40);
  return {
    self: [process.pid, startOf(process.pid) ?? 'unknown', host].join('-'),
    isAlive(owner) {
      const [pid = '', start, ownersHost] = owner.split('-');
      // Of another machine that shares this folder nothing can be known: its writes stay its own.
      if (ownersHost !== host) return true;
      if (!isRunning(Number(pid))) return false;
      // A later process may have been given the number.
      const startNow = startOf(Number(pid));
      return startNow === undefined || startNow === start;
    },
  };
}

/** Linux tells when a process began, in ticks since boot; elsewhere its number has to do. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything: count from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
