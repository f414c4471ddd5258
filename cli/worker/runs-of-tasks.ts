/**
 * Runs of one task that meet on one machine: people may take a task up again before the run that was taken from it is
 * brought home. The next one waits for that a while, so that it finds the work, and is handed the session, which the
 * server takes no more once another run has begun.
 */
import type { RunClock } from './clock.ts';
import { orAborted } from './or-aborted.ts';

export interface LeftSession {
  readonly sessionId: string;
  /** The transcript, as gzip. */
  readonly packed: Buffer;
}

export interface PlaceOfRun {
  /** Resolves when no earlier run of the task is on its way home here, or has taken too long. */
  free(signal: AbortSignal): Promise<void>;
  /** What that one could not send, if no other came between. */
  inherited(): LeftSession | null;
  leave(session: LeftSession): void;
  readonly end: () => void;
}

export interface RunsOfTasks {
  begin(taskId: number, run: number): PlaceOfRun;
}

interface Here {
  readonly run: number;
  readonly ended: Promise<void>;
  endedMs: number;
  session: LeftSession | null;
}

/** A repository that does not answer keeps the next run no longer than this. */
const WAIT_MS = 60_000;
/** A run whose claim is answered already finds it within this. */
const KEPT_MS = 60_000;

export function createRunsOfTasks(clock: RunClock): RunsOfTasks {
  const newest = new Map<number, Here>();
  const tidy = () => {
    for (const [id, { endedMs }] of newest) {
      if (endedMs < clock.monotonicMs() - KEPT_MS) newest.delete(id);
    }
  };
  return {
    begin(taskId, run) {
      tidy();
      const earlier = newest.get(taskId) ?? null;
      let end = () => {};
      const ended = new Promise<void>((resolve) => (end = resolve));
      const mine: Here = { run, ended, endedMs: Infinity, session: null };
      newest.set(taskId, mine);
      return {
        free: (signal) => (earlier === null ? Promise.resolve() : endOf(earlier, clock, signal)),
        inherited: () => (earlier?.run === run - 1 ? earlier.session : null),
        leave(session) {
          mine.session = session;
        },
        end() {
          mine.endedMs = clock.monotonicMs();
          end();
        },
      };
    },
  };
}

async function endOf({ ended }: Here, clock: RunClock, signal: AbortSignal): Promise<void> {
  const late = new AbortController();
  const callOff = clock.after(WAIT_MS, () => {
    late.abort();
  });
  await orAborted(ended, AbortSignal.any([signal, late.signal]));
  callOff();
}
