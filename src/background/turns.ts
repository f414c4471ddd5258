/**
 * Whose turn it is: many threads, a few at work at a time, first come first served. After its turn a thread rests,
 * so that what comes meanwhile is told together and no thread keeps another waiting.
 */
import type { Clock } from '../core/ports.ts';

export interface Rest {
  readonly pauseMs: number;
  /** To have another turn right after the pause. */
  readonly isBehind: boolean;
  /** To have another turn then, if nothing calls for one before; null: no need. */
  readonly againMs: number | null;
}

export interface TurnsDeps {
  readonly clock: Clock;
  readonly atOnce: number;
  /** Never rejects. */
  readonly turn: (id: number) => Promise<Rest>;
}

export interface Turns {
  /** Something happened there. */
  wake(id: number): void;
  /** Resolves when the turns that run have ended; no other begins. */
  stop(): Promise<void>;
}

interface Entry {
  readonly id: number;
  state: 'waiting' | 'running' | 'resting' | 'dozing';
  /** Something happened since its last turn began. */
  isWoken: boolean;
  cancel: () => void;
}

export function createTurns({ clock, atOnce, turn }: TurnsDeps): Turns {
  const entries = new Map<number, Entry>();
  const crowd = createCrowd(atOnce, async (entry) => {
    entry.state = 'running';
    entry.isWoken = false;
    rest(entry, await turn(entry.id));
  });

  function enqueue(entry: Entry): void {
    entry.state = 'waiting';
    crowd.join(entry);
  }

  function rest(entry: Entry, { pauseMs, isBehind, againMs }: Rest): void {
    entry.state = 'resting';
    entry.cancel = clock.after(pauseMs, () => {
      if (entry.isWoken || isBehind) enqueue(entry);
      else if (againMs === null) entries.delete(entry.id);
      else doze(entry, Math.max(0, againMs - pauseMs));
    });
  }

  function doze(entry: Entry, ms: number): void {
    entry.state = 'dozing';
    entry.cancel = clock.after(ms, () => {
      enqueue(entry);
    });
  }

  return {
    wake(id) {
      const entry = entries.get(id);
      if (entry === undefined) {
        const fresh: Entry = { id, state: 'waiting', isWoken: false, cancel: () => undefined };
        entries.set(id, fresh);
        enqueue(fresh);
      } else if (entry.state === 'dozing') {
        entry.cancel();
        enqueue(entry);
      } else {
        entry.isWoken = true;
      }
    },
    async stop() {
      await crowd.stop();
      for (const { cancel } of entries.values()) cancel();
    },
  };
}

/** In the order in which they came, so many at once. */
function createCrowd(atOnce: number, serve: (entry: Entry) => Promise<void>) {
  const waiting: Entry[] = [];
  const served = new Set<Promise<void>>();
  let isStopped = false;

  function next(): void {
    while (!isStopped && served.size < atOnce) {
      const entry = waiting.shift();
      if (entry === undefined) return;
      const serving = serve(entry).finally(() => {
        served.delete(serving);
        next();
      });
      served.add(serving);
    }
  }

  return {
    join(entry: Entry): void {
      waiting.push(entry);
      next();
    },
    async stop(): Promise<void> {
      isStopped = true;
      await Promise.all(served);
    },
  };
}
