/** Who hears of commits, after them and in order. */
import type { Commit, Logger, Store } from '../core/ports.ts';

export interface Audience {
  readonly onCommit: Store['onCommit'];
  readonly tell: (commit: Commit) => void;
}

export function createAudience(logger: Logger): Audience {
  const listeners = new Set<(commit: Commit) => void>();
  return {
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(commit) {
      for (const listener of listeners) tellSafely(listener, commit, logger);
    },
  };
}

/** What is committed stands, and everybody else still hears of it, whatever one listener does. */
function tellSafely(listener: (commit: Commit) => void, commit: Commit, logger: Logger): void {
  try {
    listener(commit);
  } catch (error) {
    logger.error({ error }, 'a listener failed after a commit');
  }
}
