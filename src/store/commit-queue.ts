/**
 * All writes that arrive in one turn of the event loop share one transaction, because the commit (an
 * fsync) is what a write costs. Whoever waits is answered only after COMMIT.
 *
 * A database locked by another program is waited for with a timer, never inside SQLite, which would
 * stop the whole process.
 */
import type { Clock } from '../core/ports.ts';
import type { GroupCommit, Piece } from './group-commit.ts';
import { keepProcessAlive } from './keep-alive.ts';
import { asStoreError, isLocked } from './sqlite-errors.ts';

/** A group this size commits well under the time anybody would notice the process standing still. */
const MAX_GROUP = 128;
const LOCK_WAIT_MS = 5000;
const FIRST_RETRY_MS = 10;
const SLOWEST_RETRY_MS = 250;

export interface CommitQueue {
  /** Resolves with what `run` returned, after it is durable. */
  enqueue<T>(run: () => T): Promise<T>;
  /** Resolves once all that was enqueued is answered; nothing is accepted afterwards. */
  drain(): Promise<void>;
}

export function createCommitQueue(group: GroupCommit, clock: Clock): CommitQueue {
  const waiting: Piece[] = [];
  let whenEmpty: (() => void) | null = null;
  let scheduled = false;
  let retryMs = FIRST_RETRY_MS;

  function flush(): void {
    scheduled = false;
    const refused = tryToBegin(group);
    if (refused === null) {
      retryMs = FIRST_RETRY_MS;
      group.run(waiting.splice(0, MAX_GROUP));
      scheduleRest(setImmediate);
      return;
    }
    const patience = isLocked(refused) ? clock.monotonicMs() - LOCK_WAIT_MS : Infinity;
    while (waiting[0] !== undefined && waiting[0].since <= patience)
      waiting.shift()?.reject(asStoreError(refused));
    scheduleRest((next) => {
      afterAlive(clock, retryMs, next);
    });
    retryMs = Math.min(retryMs * 2, SLOWEST_RETRY_MS);
  }

  function scheduleRest(soon: (next: () => void) => void): void {
    if (waiting.length === 0) whenEmpty?.();
    else if (!scheduled) {
      scheduled = true;
      soon(flush);
    }
  }

  function enqueue<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (whenEmpty !== null) {
        reject(new Error('The store is closed.'));
        return;
      }
      // The queue hands each piece its own result, so the type it was enqueued with is the type it gets.
      waiting.push({ since: clock.monotonicMs(), run, resolve: resolve, reject });
      scheduleRest(setImmediate);
    });
  }

  function drain(): Promise<void> {
    return new Promise((resolve) => {
      whenEmpty = resolve;
      if (waiting.length === 0) resolve();
    });
  }

  return { enqueue, drain };
}

/** Somebody waits for an answer, so the process must not end for want of other work. */
function afterAlive(clock: Clock, delayMs: number, run: () => void): void {
  const letGo = keepProcessAlive();
  clock.after(delayMs, () => {
    letGo();
    run();
  });
}

/** What stands in the way, or null once the transaction has begun. */
function tryToBegin(group: GroupCommit): unknown {
  try {
    group.begin();
    return null;
  } catch (error) {
    return error;
  }
}
