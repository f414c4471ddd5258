/**
 * Waiting without sleeping: whoever changes something rings, and every open `waitFor` looks again.
 * The timer of a wait only bounds it; it never polls.
 */
export interface WaitOptions {
  /** Real milliseconds; default 5000. */
  timeoutMs?: number;
  /** What was expected, for the message of a wait that ran out. */
  what?: string;
}

type Falsy = false | undefined | null | 0 | '';

export interface Bell {
  ring(): void;
  /** Resolves with the first truthy value; an exception of the predicate rejects. */
  waitFor<T>(predicate: () => T | Falsy, options?: WaitOptions): Promise<T>;
}

export function createBell(describe: () => string): Bell {
  const looks = new Set<() => void>();
  let isQueued = false;

  // After the current turn, so that nobody sees a half-made change.
  function ring(): void {
    if (isQueued) return;
    isQueued = true;
    queueMicrotask(() => {
      isQueued = false;
      for (const look of [...looks]) look();
    });
  }

  function waitFor<T>(predicate: () => T | Falsy, options: WaitOptions = {}): Promise<T> {
    const timeoutMs = options.timeoutMs ?? 5_000;
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        looks.delete(look);
      };
      const look = (): void => {
        try {
          const value = predicate();
          if (!value) return;
          stop();
          resolve(value);
        } catch (error) {
          stop();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`Waited ${timeoutMs} ms for ${options.what ?? String(predicate)}\n${describe()}`));
      }, timeoutMs);
      looks.add(look);
      look();
    });
  }

  return { ring, waitFor };
}
