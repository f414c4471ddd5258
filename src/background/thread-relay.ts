/**
 * Tells the messages of each task in the task's own thread. Every thread has its own position, so none waits for
 * another, nor for the channel's outbox, and no request waits for any of them. What may pass is tried again.
 */
import { TransientError } from '../core/errors.ts';
import { DeliveryBlocked, type Clock, type Logger, type Store } from '../core/ports.ts';
import type { ThreadMemory, ThreadPosition } from '../core/run-ports.ts';
import type { RunService } from '../core/run-service.ts';
import { isFinished } from '../core/task.ts';
import type { FrontEndThreads } from '../core/thread-ports.ts';
import { asideName } from './aside-turn.ts';
import { createBackOff } from './back-off.ts';
import { createPace } from './pace.ts';
import { newThread, toPosition, toThread } from './thread-state.ts';
import { createThreadTurn, skipNext, type ThreadTurnDeps } from './thread-turn.ts';
import { createTurns, type Rest, type Turns } from './turns.ts';

/** Turns at once: enough for many threads, and few enough to leave the bot's limit to the channel. */
const AT_ONCE = 6;
/**
 * What comes within this time is told together. A thread takes about a message a second, so after several it rests for
 * longer: what comes meanwhile is joined here, where it would only wait in line otherwise.
 */
const REST_MS = 1000;
/** After an outage nobody waits longer for the first words than this. */
const LONGEST_MS = 15_000;
/** A missed signal becomes this much of a delay. */
const LOOK_MS = 30_000;
/** Tasks and questions that a start looks at, whether they have news or not. */
const NEWEST = 500;
const ALL = 1_000_000;
/** Failures that are nobody's "not now": after so many, what could not be told is skipped. */
const TRIES_OF_A_BUG = 5;
/** Turns in a second, over all threads: the bot's own limit is 50 requests, and the channel's news need some. */
const PACE = { most: 15, windowMs: 1000 };
/** Set once the front end's threads have begun. */
const BEGUN = 'threads_begun';

export interface ThreadRelayDeps {
  readonly store: Store;
  readonly runs: Pick<RunService, 'tell'>;
  readonly threads: FrontEndThreads;
  readonly isAnnounced: () => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ThreadRelay {
  start(): void;
  /** Resolves when the turns that run have ended. */
  stop(): Promise<void>;
}

export function createThreadRelay(deps: ThreadRelayDeps): ThreadRelay {
  const { store, threads, clock, logger } = deps;
  const memory = store.threads(threads.name);
  const aside = store.threads(asideName(threads.name));
  const turns = createTurns({ clock, atOnce: AT_ONCE, turn: createPatientTurn({ ...deps, memory, aside }) });
  const timer = createTimer(clock);
  // Before the first look nobody needs to be woken: it finds all there is.
  let isReady = false;
  const unsubscribe = store.onCommit(({ runNews }) => {
    if (isReady) for (const id of runNews) turns.wake(id);
  });

  async function look(): Promise<void> {
    try {
      for (const id of await memory.behind(NEWEST)) turns.wake(id);
    } catch (error) {
      logger.debug({ error }, 'threads could not be looked at yet');
    }
    timer.then(LOOK_MS, () => void look());
  }

  async function run(): Promise<void> {
    await patiently(timer, () => beginOnce(deps, memory));
    await threads.ready();
    isReady = true;
    await patiently(timer, () => wakeAll(deps, [memory, aside], turns));
    timer.then(LOOK_MS, () => void look());
  }

  return {
    start() {
      run().catch((error: unknown) => {
        if (timer.isOver()) return;
        logger.error({ error, front_end: threads.name }, 'threads are off until the next start');
      });
    },
    async stop() {
      timer.end();
      unsubscribe();
      await turns.stop();
    },
  };
}

type Timer = ReturnType<typeof createTimer>;

/** At most one thing waits for its time, and nothing once it is over. */
function createTimer(clock: Clock) {
  let isOver = false;
  let cancel: () => void = () => undefined;
  return {
    isOver: () => isOver,
    then(ms: number, run: () => void) {
      if (!isOver) cancel = clock.after(ms, run);
    },
    end() {
      isOver = true;
      cancel();
    },
  };
}

/** A database that is locked for a while only delays it. */
async function patiently(timer: Timer, step: () => Promise<void>): Promise<void> {
  while (!timer.isOver()) {
    try {
      await step();
      return;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      const { retryAfterMs } = error;
      await new Promise<void>((resolve) => {
        timer.then(retryAfterMs, resolve);
      });
    }
  }
}

/** A front end that is switched on for the first time tells nothing of what was before. */
async function beginOnce({ store, threads }: ThreadRelayDeps, memory: ThreadMemory): Promise<void> {
  const values = store.memory(threads.name);
  if ((await values.value(BEGUN)) !== null) return;
  for (const taskId of await memory.behind(ALL)) {
    const [task, work] = await Promise.all([store.task(taskId), store.taskWork(taskId)]);
    if (task === null || work === null || !isFinished(task)) continue;
    await memory.save(toPosition({ ...newThread(taskId), seq: work.lastSeq }));
  }
  await values.save({ values: { [BEGUN]: 'yes' } });
}

/** The live ones first; what happened while nobody listened may have left no message: claims, and answers. And a kill may
 * have come between a message that is told aside and its telling. */
async function wakeAll(
  { store, threads }: ThreadRelayDeps,
  [memory, aside]: readonly [ThreadMemory, ThreadMemory],
  turns: Turns,
): Promise<void> {
  const { tasks } = await store.tasks({ statuses: ['in_progress'], limit: NEWEST });
  for (const { id } of tasks) turns.wake(id);
  for (const id of await memory.behind(NEWEST)) turns.wake(id);
  const asked = (await store.questions({ limit: NEWEST })).map(({ taskId }) => taskId);
  const ended = (await store.recentlyFinished(NEWEST)).map(({ id }) => id);
  for (const id of new Set([...asked, ...ended])) {
    const [thread, besides] = [await memory.position(id), await aside.position(id)];
    const isAwaiting = [thread, besides].some(
      (position) => position !== null && threads.isAwaiting(toThread(position).state.slots),
    );
    if (isAwaiting || (thread?.isClosed === true && (await isOwed(store, id, besides)))) turns.wake(id);
  }
}

/** Of a task without a thread, something may be left to be told aside. */
async function isOwed(store: Store, taskId: number, aside: ThreadPosition | null): Promise<boolean> {
  const work = await store.taskWork(taskId);
  return aside === null || toThread(aside).state.plan !== null || aside.seq < (work?.lastSeq ?? 0);
}

/** A turn that never fails: it says when to try again. */
function createPatientTurn(deps: ThreadTurnDeps): (id: number) => Promise<Rest> {
  const turn = createThreadTurn(deps);
  const inPace = createPace(deps.clock, PACE);
  const backOffs = new Map<number, ReturnType<typeof createBackOff>>();
  return async (taskId) => {
    try {
      await inPace();
      const turned = await turn(taskId);
      backOffs.delete(taskId);
      return { ...turned, pauseMs: REST_MS * Math.max(1, turned.sent) };
    } catch (error) {
      const backOff = backOffs.get(taskId) ?? createBackOff();
      backOffs.set(taskId, backOff);
      const pauseMs = pauseAfter(error, { taskId, backOff, deps });
      if (backOff.failures() >= TRIES_OF_A_BUG) await skipped(deps, taskId);
      return { pauseMs, isBehind: true, againMs: null };
    }
  };
}

async function skipped(deps: ThreadTurnDeps, taskId: number): Promise<void> {
  await skipNext(deps, taskId).catch((error: unknown) => {
    deps.logger.error({ error, task_id: taskId }, 'messages could not even be skipped');
  });
}

interface Failing {
  readonly taskId: number;
  readonly backOff: ReturnType<typeof createBackOff>;
  readonly deps: Pick<ThreadRelayDeps, 'logger'>;
}

function pauseAfter(error: unknown, { taskId, backOff, deps }: Failing): number {
  const { logger } = deps;
  if (error instanceof DeliveryBlocked) {
    logger.warn({ task_id: taskId, reason: error.message }, 'a thread is blocked');
    return backOff.blockedMs();
  }
  if (error instanceof TransientError) {
    logger.debug({ error, task_id: taskId }, 'a thread is told later');
    return Math.max(error.retryAfterMs, Math.min(LONGEST_MS, backOff.transientMs(error.retryAfterMs)));
  }
  logger.error({ error, task_id: taskId }, 'a thread could not be told');
  return backOff.failedMs();
}
