/**
 * What time brings about for runs: people are reminded of questions that stay open; messages, transcripts and attachments go
 * some time after the end of their task, and files that belong to no task any more go as well. A little at a time.
 */
import { TransientError } from '../core/errors.ts';
import type { Clock, Logger, Store } from '../core/ports.ts';
import type { RunFiles } from '../core/run-files.ts';
import type { RunService } from '../core/run-service.ts';

/** How late a reminder may be. */
const REMIND_EVERY_MS = 15_000;
const TIDY_EVERY_MS = 10 * 60_000;
/** Between two steps while there is more to do: everybody else goes first. */
const STEP_MS = 100;
/** Longer than any submission takes from the first of its files to its commit. */
const ORPHAN_AFTER_MS = 60 * 60_000;

export interface RunKeeperDeps {
  readonly store: Pick<Store, 'decide' | 'dropMessages' | 'taskOfFile' | 'task'>;
  readonly runs: Pick<RunService, 'remind'>;
  readonly files: RunFiles;
  /** How long after the end of a task they are kept; attachments as long as transcripts. */
  readonly keep: { readonly messagesMs: number; readonly transcriptsMs: number };
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunKeeper {
  start(): void;
  /** Resolves when a step that runs has ended. */
  stop(): Promise<void>;
}

export function createRunKeeper(deps: RunKeeperDeps): RunKeeper {
  const { store, runs } = deps;
  const reminders = createLoop(deps, {
    everyMs: REMIND_EVERY_MS,
    async step() {
      await store.decide(runs.remind());
      return 'done';
    },
  });
  const tidying = createLoop(deps, { everyMs: TIDY_EVERY_MS, step: createTidying(deps) });
  return {
    start() {
      reminders.start(REMIND_EVERY_MS);
      // What an earlier process left behind goes soon, but not before the first calls are answered.
      tidying.start(STEP_MS);
    },
    async stop() {
      await Promise.all([reminders.stop(), tidying.stop()]);
    },
  };
}

type Step = () => Promise<'more' | 'done'>;

/** One round after the other; one that fails is begun anew. */
function createTidying(deps: RunKeeperDeps): Step {
  let round: AsyncGenerator<void, void> | null = null;
  let isFirst = true;

  return async () => {
    if (isFirst) {
      await deps.files.tidy();
      isFirst = false;
    }
    round ??= tidyAll(deps);
    try {
      const { done } = await round.next();
      if (done !== true) return 'more';
    } catch (error) {
      round = null;
      throw error;
    }
    round = null;
    return 'done';
  };
}

/** First messages, then files: a pause after each page, so that no round keeps others waiting however much is kept. */
async function* tidyAll({ store, files, keep, clock }: RunKeeperDeps): AsyncGenerator<void, void> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms);
  let after = await store.dropMessages({ endedBefore: before(keep.messagesMs), after: 0 });
  while (after !== null) {
    yield;
    after = await store.dropMessages({ endedBefore: before(keep.messagesMs), after });
  }
  for (const [index, taskId] of (await files.transcripts()).entries()) {
    if (isPageEnd(index)) yield;
    await dropTranscript({ store, files, endedBefore: before(keep.transcriptsMs) }, taskId);
  }
  for (const [index, file] of (await files.attachments()).entries()) {
    if (isPageEnd(index)) yield;
    const times = { endedBefore: before(keep.transcriptsMs), storedBefore: before(ORPHAN_AFTER_MS) };
    await dropAttachment({ store, files, ...times }, file);
  }
}

/** Files that one step looks at. */
const PAGE = 200;
const isPageEnd = (index: number) => index > 0 && index % PAGE === 0;

interface Dropping {
  readonly store: RunKeeperDeps['store'];
  readonly files: RunFiles;
}

async function dropTranscript(
  { store, files, endedBefore }: Dropping & { endedBefore: Date },
  taskId: number,
): Promise<void> {
  if (await isOver(store, taskId, endedBefore)) await files.dropTranscript(taskId);
}

/** A task keeps the name of a file that is gone, so that whoever asks for it is told. */
async function dropAttachment(
  { store, files, endedBefore, storedBefore }: Dropping & { endedBefore: Date; storedBefore: Date },
  file: string,
): Promise<void> {
  const taskId = await store.taskOfFile(file);
  const isDue = await (taskId === null
    ? files.isOlder(file, storedBefore)
    : isOver(store, taskId, endedBefore));
  if (isDue) await files.dropAttachment(file);
}

async function isOver(store: Dropping['store'], taskId: number, endedBefore: Date): Promise<boolean> {
  const task = await store.task(taskId);
  return task === null || (task.completedAt !== null && task.completedAt < endedBefore);
}

interface Loop {
  readonly everyMs: number;
  readonly step: Step;
}

function createLoop({ clock, logger }: Pick<RunKeeperDeps, 'clock' | 'logger'>, { everyMs, step }: Loop) {
  let running = Promise.resolve();
  let cancel: () => void = () => undefined;
  let stopped = false;

  async function run(): Promise<number> {
    try {
      return (await step()) === 'more' ? STEP_MS : everyMs;
    } catch (error) {
      if (!(error instanceof TransientError))
        logger.error({ error }, 'keeping runs in order failed; it goes on');
      return everyMs;
    }
  }

  function schedule(delayMs: number): void {
    if (stopped) return;
    cancel = clock.after(delayMs, () => {
      running = run().then(schedule);
    });
  }

  return {
    start: schedule,
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
