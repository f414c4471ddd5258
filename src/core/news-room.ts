/**
 * Where people and workers wait for news of runs: messages, replies, answers, ends. A watch begins before its owner
 * looks, so that nothing falls between the look and the wait. Memory holds only watches, the store is the truth.
 */
import { TransientError } from './errors.ts';
import type { Clock, Store } from './ports.ts';

/** As many as claims may wait; a parked connection costs some 50 kB. */
const MAX_WATCHES = 2000;
const RETRY_AFTER_MS = 5000;

export interface Watch {
  /**
   * Resolves with the tasks that had news since the last call, as soon as there are any; empty when the time is up,
   * the room is closed, or nobody waits any more.
   */
  readonly next: () => Promise<readonly number[]>;
  readonly isOver: () => boolean;
  readonly end: () => void;
}

export interface WatchWish {
  readonly taskIds: readonly number[];
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** Given what ends the watch: to be called when nobody waits any more. */
  readonly onGone: (leave: () => void) => void;
}

export interface NewsRoom {
  /** Throws TransientError when too many wait already. */
  watch(wish: WatchWish): Watch;
  /** Ends every watch now; later ones are over from the start. */
  close(): void;
  count(): number;
}

interface Watcher {
  readonly heard: (taskId: number) => void;
  readonly leave: () => void;
}

export function createNewsRoom({ store, clock }: { store: Pick<Store, 'onCommit'>; clock: Clock }): NewsRoom {
  const byTask = new Map<number, Set<Watcher>>();
  const all = new Set<Watcher>();
  let isClosed = false;

  store.onCommit((commit) => {
    for (const taskId of commit.runNews)
      byTask.get(taskId)?.forEach((watcher) => {
        watcher.heard(taskId);
      });
  });

  function add(watcher: Watcher, taskIds: readonly number[]): void {
    all.add(watcher);
    for (const id of taskIds) byTask.set(id, (byTask.get(id) ?? new Set<Watcher>()).add(watcher));
  }

  function remove(watcher: Watcher, taskIds: readonly number[]): void {
    all.delete(watcher);
    for (const id of taskIds) {
      const watchers = byTask.get(id);
      watchers?.delete(watcher);
      if (watchers?.size === 0) byTask.delete(id);
    }
  }

  return {
    watch({ taskIds, deadlineMs, onGone }) {
      if (all.size >= MAX_WATCHES) {
        throw new TransientError(`${MAX_WATCHES} wait for news already.`, { retryAfterMs: RETRY_AFTER_MS });
      }
      const news = createNews();
      const watcher: Watcher = { heard: news.add, leave: over };
      function over(): void {
        cancelTimer();
        remove(watcher, taskIds);
        news.end();
      }
      add(watcher, taskIds);
      const cancelTimer = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), over);
      if (isClosed) over();
      onGone(over);
      return { next: news.next, isOver: news.isOver, end: over };
    },

    close() {
      isClosed = true;
      for (const watcher of [...all]) watcher.leave();
    },

    count: () => all.size,
  };
}

/** Collects what happened until somebody asks, and answers whoever asked first. */
function createNews() {
  const heard = new Set<number>();
  let isOver = false;
  let answer: ((taskIds: readonly number[]) => void) | null = null;

  function tell(): void {
    if (answer === null || (heard.size === 0 && !isOver)) return;
    const ids = [...heard];
    heard.clear();
    answer(ids);
    answer = null;
  }

  return {
    add: (taskId: number) => {
      heard.add(taskId);
      tell();
    },
    end: () => {
      isOver = true;
      tell();
    },
    isOver: () => isOver,
    next: () =>
      new Promise<readonly number[]>((resolve) => {
        answer = resolve;
        tell();
      }),
  };
}
