/**
 * The git processes of this worker, which work in the folders of runs and are no part of them. Each leads a session of
 * its own, which nobody else can join: whoever is in its group, or descends from it, was started by it.
 */
import type { ChildProcess } from 'node:child_process';
import type { ProcessTable } from './process-table.ts';

const leaders = new Set<number>();

/** To be told at once: whoever sweeps next must know it. */
export function noteOwnChild(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  leaders.add(pid);
  child.once('close', () => leaders.delete(pid));
}

export function ownChildren(table: ProcessTable): ReadonlySet<number> {
  const own = new Set(leaders);
  for (const { pid, group } of table.values()) if (leaders.has(group)) own.add(pid);
  for (let size = -1; size !== own.size;) {
    size = own.size;
    for (const { pid, parent } of table.values()) if (own.has(parent)) own.add(pid);
  }
  return own;
}
