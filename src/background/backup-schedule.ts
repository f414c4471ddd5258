/**
 * Makes a backup whenever one is due, counted from the newest one that is there: restarts neither put it
 * off nor bring it forward, and one that was missed is made soon after the start. It looks at the clock
 * every few minutes, so that a machine that slept, or a clock that was set, makes no difference.
 */
import type { Clock, Logger } from '../core/ports.ts';

/** Where backups go. */
export interface BackupShelf {
  /** When the newest backup was made that is not from the future. */
  newest(now: Date): Date | null;
  /** Rejects with a sentence that tells people what to do. */
  make(now: Date): Promise<{ file: string; bytes: number; tasks: number; events: number }>;
  /** Deletes what is too many, and says which. */
  rotate(now: Date): readonly string[];
  /** Ends what is being made. */
  stop(): Promise<void>;
}

export interface BackupScheduleDeps {
  readonly shelf: BackupShelf;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 up to 1: several servers that start together need not all begin at once. */
  readonly random: () => number;
}

export interface BackupHealth {
  readonly lastAt: Date | null;
  /** False while the last try failed. */
  readonly isOk: boolean;
}

export interface BackupSchedule {
  start(): void;
  stop(): Promise<void>;
  health(): BackupHealth;
}

/** The start of the server itself comes first. */
const SETTLE_MS = 5000;
const JITTER_MS = 10_000;
const LONGEST_LOOK_MS = 10 * 60_000;
const FIRST_RETRY_MS = 60_000;

export function createBackupSchedule(deps: BackupScheduleDeps): BackupSchedule {
  const { shelf, everyMs, clock } = deps;
  const state: State = { lastAt: null, failures: 0, stopped: false };
  let cancel: () => void = () => undefined;
  let running: Promise<void> = Promise.resolve();

  function schedule(delayMs: number): void {
    if (state.stopped) return;
    cancel = clock.after(Math.min(delayMs, LONGEST_LOOK_MS), () => {
      running = look(deps, state).then(schedule);
    });
  }

  return {
    start() {
      schedule(Math.min(everyMs, SETTLE_MS + deps.random() * JITTER_MS));
    },
    async stop() {
      state.stopped = true;
      cancel();
      await shelf.stop();
      await running;
    },
    health: () => ({ lastAt: state.lastAt, isOk: state.failures === 0 }),
  };
}

interface State {
  lastAt: Date | null;
  failures: number;
  stopped: boolean;
}

/** Milliseconds until the next look. */
async function look(deps: BackupScheduleDeps, state: State): Promise<number> {
  const { shelf, everyMs, clock } = deps;
  try {
    const now = clock.now();
    state.lastAt = shelf.newest(now);
    const dueInMs = state.lastAt === null ? 0 : state.lastAt.getTime() + everyMs - now.getTime();
    if (dueInMs > 0) return dueInMs;
    await make(deps, state, now);
    return everyMs;
  } catch (error) {
    return failed(error, deps, state);
  }
}

async function make({ shelf, clock, logger }: BackupScheduleDeps, state: State, now: Date): Promise<void> {
  const startedMs = clock.monotonicMs();
  const made = await shelf.make(now);
  state.lastAt = now;
  state.failures = 0;
  const ms = Math.round(clock.monotonicMs() - startedMs);
  logger.info({ ...made, ms, deleted: shelf.rotate(clock.now()) }, 'backup made');
}

function failed(error: unknown, { everyMs, logger }: BackupScheduleDeps, state: State): number {
  if (state.stopped) return everyMs;
  state.failures += 1;
  const reason = error instanceof Error ? error.message : String(error);
  const retryMs = Math.min(everyMs, LONGEST_LOOK_MS, FIRST_RETRY_MS * 2 ** (state.failures - 1));
  const next = 'Check that BACKUP_DIR exists, has room and can be written to; it is tried again.';
  logger.warn({ reason, next, retry_in_ms: retryMs }, 'the scheduled backup failed');
  return retryMs;
}
