/**
 * Retires tasks that ended long ago, a few at a time and with pauses, so that nobody is held up. They are
 * in the archive before they are deleted; while it cannot be written, nothing is deleted.
 */
import { TransientError } from '../core/errors.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Archive, RetentionStore, TaskTrail } from '../core/retention.ts';

/** After a start everybody else goes first. */
const FIRST_MS = 60_000;
const EVERY_MS = 10 * 60_000;
/** Between two batches while there is more. */
const PAUSE_MS = 50;

/** What a batch may cost is measured, for it depends on the tasks, the disk and the machine. */
const FIRST_BATCH = 8;
const LARGEST_BATCH = 64;
const TOO_LONG_MS = 8;
const SHORT_MS = 4;

export interface RetentionDeps {
  readonly store: RetentionStore;
  /** Null: tasks are just deleted. */
  readonly archive: Archive | null;
  /** How long a task is kept after its end. */
  readonly keepMs: number;
  /** How far the front end has told of events, null before it knows; itself null when there is no front end. */
  readonly delivered: (() => Promise<string | null>) | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Retention {
  start(): void;
  /** Resolves when a batch that runs has ended. */
  stop(): Promise<void>;
}

export function createRetention(deps: RetentionDeps): Retention {
  const { clock } = deps;
  const retireBatch = createBatches(deps);
  const report = createReport(deps.logger);
  let running = Promise.resolve();
  let cancel: () => void = () => undefined;
  let stopped = false;

  /** Resolves to the milliseconds until the next one. */
  async function step(): Promise<number> {
    try {
      const retired = await retireBatch();
      report.retired(retired);
      return retired === null ? EVERY_MS : PAUSE_MS;
    } catch (error) {
      report.failed(error);
      return EVERY_MS;
    }
  }

  function schedule(delayMs: number): void {
    if (stopped) return;
    cancel = clock.after(delayMs, () => {
      running = step().then(schedule);
    });
  }

  return {
    start: () => {
      schedule(FIRST_MS);
    },
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}

/** The returned function resolves to how many tasks went, or null when none may go now. */
function createBatches({ store, archive, keepMs, delivered, clock }: RetentionDeps) {
  let limit = FIRST_BATCH;

  function adapt(heldMs: number): void {
    if (heldMs > TOO_LONG_MS) limit = Math.max(1, Math.floor(limit / 2));
    else if (heldMs < SHORT_MS) limit = Math.min(LARGEST_BATCH, limit + 1);
  }

  return async (): Promise<number | null> => {
    const deliveredUpTo = delivered === null ? null : await delivered();
    if (delivered !== null && deliveredUpTo === null) return null;
    const endedBefore = new Date(clock.now().getTime() - keepMs);
    const askedMs = clock.monotonicMs();
    const trails = await store.retirable({ endedBefore, deliveredUpTo, limit });
    const readMs = clock.monotonicMs() - askedMs;
    if (trails.length === 0) return null;
    if (archive !== null) await toArchive(archive, trails);
    const { done, heldMs } = await store.retire(trails);
    adapt(Math.max(readMs, heldMs));
    return done ? trails.length : 0;
  };
}

/** Names the one failure that an owner can do something about. */
class ArchiveFailed extends Error {}

async function toArchive(archive: Archive, trails: readonly TaskTrail[]): Promise<void> {
  try {
    await archive.append(trails);
  } catch (error) {
    throw new ArchiveFailed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** One line for each run, and one for each trouble however often it is met. */
function createReport(logger: Logger) {
  let tasks = 0;
  let trouble: string | null = null;

  return {
    retired(count: number | null): void {
      if (count !== null) {
        tasks += count;
        trouble = null;
        return;
      }
      if (tasks > 0) logger.info({ tasks }, 'tasks that ended long ago were retired');
      tasks = 0;
    },

    failed(error: unknown): void {
      if (error instanceof TransientError) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (reason === trouble) return;
      trouble = reason;
      if (error instanceof ArchiveFailed) {
        const next = 'make ARCHIVE_DIR a folder that Athena may write to, on a disk with space';
        logger.warn({ reason, next }, 'the archive cannot be written: nothing is deleted until it can');
      } else logger.error({ error }, 'retention failed; it is tried again');
    },
  };
}
