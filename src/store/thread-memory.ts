/**
 * What a front end remembers of the threads it keeps, and which of them are behind. A look over all tasks is made once
 * per front end; from then on every commit names the tasks that may be, and each of them is looked at by itself.
 */
import type { Store } from '../core/ports.ts';
import type { ThreadMemory } from '../core/run-ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import { reading } from './reading.ts';
import { asStoreError } from './sqlite-errors.ts';
import type { ThreadTable } from './thread-table.ts';

/** Tasks that one look takes in: a millisecond or two. */
const LOOK = 2000;

export function createThreadMemories(
  threads: ThreadTable,
  queue: CommitQueue,
  onCommit: Store['onCommit'],
): (frontEnd: string) => ThreadMemory {
  const candidates = new Map<string, Promise<Set<number>>>();

  function candidatesOf(frontEnd: string): Promise<Set<number>> {
    const known = candidates.get(frontEnd) ?? findCandidates(threads, frontEnd, onCommit);
    candidates.set(frontEnd, known);
    // A look that failed is made again.
    known.catch(() => candidates.delete(frontEnd));
    return known;
  }

  async function behind(frontEnd: string, limit: number): Promise<number[]> {
    const maybe = await candidatesOf(frontEnd);
    const found: number[] = [];
    for (const id of [...maybe].sort((a, b) => a - b)) {
      if (found.length === limit) break;
      if (threads.behind(frontEnd, { from: id, to: id }).length > 0) found.push(id);
      else maybe.delete(id);
    }
    return found;
  }

  return (frontEnd) => ({
    position: (taskId) => reading(() => threads.position(frontEnd, taskId)),
    behind: (limit) =>
      behind(frontEnd, limit).catch((error: unknown) => {
        throw asStoreError(error);
      }),
    tasksIn: (threadId, limit) => reading(() => threads.tasksIn(frontEnd, { threadId, limit })),
    save: (position) =>
      queue.enqueue(() => {
        threads.save(frontEnd, position);
      }),
  });
}

/** Listens before it looks, so that nothing falls in between. */
async function findCandidates(
  threads: ThreadTable,
  frontEnd: string,
  onCommit: Store['onCommit'],
): Promise<Set<number>> {
  const maybe = new Set<number>();
  const unsubscribe = onCommit(({ runNews }) => {
    for (const id of runNews) maybe.add(id);
  });
  try {
    const newest = threads.newestTask();
    for (let from = 1; from <= newest; from += LOOK) {
      for (const id of threads.behind(frontEnd, { from, to: from + LOOK - 1 })) maybe.add(id);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return maybe;
  } catch (error) {
    unsubscribe();
    throw error;
  }
}
