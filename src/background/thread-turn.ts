/**
 * One turn of one task: its thread is opened if need be and told what comes next. Where there is no thread, what must
 * not be missed is told aside.
 */
import type { Clock, Logger, Store } from '../core/ports.ts';
import type { ThreadMemory } from '../core/run-ports.ts';
import type { RunService } from '../core/run-service.ts';
import type { TaskWork } from '../core/run.ts';
import type { Task } from '../core/task.ts';
import { ThreadClosed, type Elsewhere, type FrontEndThreads } from '../core/thread-ports.ts';
import { createAsideTurn } from './aside-turn.ts';
import { createTelling, DONE, type Tell, type Turned } from './telling.ts';
import { movedTo, newThread, toPosition, toThread, type ThreadNow } from './thread-state.ts';

export interface ThreadTurnDeps {
  readonly store: Pick<Store, 'task' | 'taskWork' | 'messages' | 'questions' | 'decide'>;
  readonly runs: Pick<RunService, 'tell'>;
  readonly threads: FrontEndThreads;
  readonly memory: ThreadMemory;
  /** Where it is kept how far a task was told aside. */
  readonly aside: ThreadMemory;
  /** Whether everything that has happened was told outside of threads. */
  readonly isAnnounced: () => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Subject {
  readonly task: Task;
  readonly work: TaskWork;
  readonly thread: ThreadNow;
}

export type ThreadTurn = (taskId: number) => Promise<Turned>;

export function createThreadTurn(deps: ThreadTurnDeps): ThreadTurn {
  const { threads, memory, aside } = deps;
  const tell = createTelling({ ...deps, voice: threads });
  const tellAside = createAsideTurn({ ...deps, aside: threads.aside, memory: aside });
  return async (taskId) => {
    const subject = await findSubject(deps, taskId);
    if (subject === null) return DONE;
    const told = (await mayBeTold(deps, subject)) ? await tellThread(deps, subject, tell) : DONE;
    const position = await memory.position(taskId);
    const thread = position === null ? subject.thread : toThread(position);
    return both(told, await tellAside(thread, subject.work));
  };
}

async function tellThread(deps: ThreadTurnDeps, subject: Subject, tell: Tell): Promise<Turned> {
  try {
    return await tell(await opened(deps, subject), await asideOf(deps, subject.task.id));
  } catch (error) {
    if (!(error instanceof ThreadClosed)) throw error;
    await close(deps, subject, error.message);
    return DONE;
  }
}

async function asideOf({ aside }: ThreadTurnDeps, taskId: number): Promise<Elsewhere> {
  const position = await aside.position(taskId);
  return { placeId: position?.threadId ?? null, seq: position?.seq ?? 0, isOpen: false };
}

function both(one: Turned, other: Turned): Turned {
  const times = [one.againMs, other.againMs].filter((ms) => ms !== null);
  return {
    sent: one.sent + other.sent,
    isBehind: one.isBehind || other.isBehind,
    againMs: times.length === 0 ? null : Math.min(...times),
  };
}

/** Null: there is nothing to tell. */
async function findSubject({ store, memory }: ThreadTurnDeps, taskId: number): Promise<Subject | null> {
  const work = await store.taskWork(taskId);
  const position = await memory.position(taskId);
  if (work === null || (work.runs === 0 && position === null)) return null;
  const thread = position === null ? newThread(taskId) : toThread(position);
  const task = await store.task(taskId);
  if (task === null || isForNothing(task, { work, thread })) return null;
  return { task, work, thread };
}

/** No thread is made for what was over before there were threads. */
function isForNothing({ status }: Task, { work, thread }: Omit<Subject, 'task'>): boolean {
  return thread.threadId === null && thread.seq >= work.lastSeq && status !== 'in_progress';
}

/** A closed thread is tried again with the next run, and when something is asked. */
async function mayBeTold({ store, aside }: ThreadTurnDeps, { thread, work }: Subject): Promise<boolean> {
  if (!thread.isClosed || work.runs > (thread.state.closedAtRun ?? work.runs)) return true;
  const { taskId } = thread;
  if ((await store.questions({ status: 'open', taskId, limit: 1 })).length === 0) return false;
  const toldAside = (await aside.position(taskId))?.seq ?? 0;
  const { messages } = await store.messages(taskId, Math.max(toldAside, thread.seq), LOOKED_AT);
  return messages.some(({ kind }) => kind === 'question');
}

const LOOKED_AT = 100;

async function opened(deps: ThreadTurnDeps, { task, thread }: Subject): Promise<ThreadNow> {
  const { threads, memory, isAnnounced, clock } = deps;
  if (thread.threadId !== null && !thread.isClosed) return thread;
  const { opening } = thread.state;
  const inDoubtSince = opening === null ? null : new Date(opening);
  // A thread that was made and not remembered is looked for by the next try.
  const now = { ...thread, state: { ...thread.state, opening: opening ?? clock.now().toISOString() } };
  if (inDoubtSince === null) await memory.save(toPosition(now));
  const threadId = await threads.open(task, { isAnnounced: await isAnnounced(), inDoubtSince });
  const open = movedTo(now, threadId);
  await memory.save(toPosition(open));
  await threads.opened(task, threadId);
  return open;
}

/** Gives up on what could never be told: the plan that is open, or else the next message. */
export async function skipNext(
  { store, memory: inThread, aside, logger }: Pick<ThreadTurnDeps, 'store' | 'memory' | 'aside' | 'logger'>,
  taskId: number,
): Promise<void> {
  const isAside = (await inThread.position(taskId))?.isClosed === true;
  const memory = isAside ? aside : inThread;
  const position = await memory.position(taskId);
  if (position === null) return;
  const thread = toThread(position);
  const { messages } = await store.messages(taskId, thread.seq, 1);
  const seq = thread.state.plan?.to ?? messages[0]?.seq ?? thread.seq;
  logger.error(
    { task_id: taskId, after: thread.seq, up_to: seq },
    'messages could never be told and are skipped',
  );
  await memory.save(toPosition({ ...thread, seq, state: { ...thread.state, plan: null } }));
}

/** Told in the task's own messages, once for each run: whoever looks there sees why the thread is silent. */
async function close(
  deps: ThreadTurnDeps,
  { task, work, thread: before }: Subject,
  reason: string,
): Promise<void> {
  const { memory, store, runs, logger } = deps;
  if (!before.isClosed || before.state.closedAtRun !== work.runs) {
    logger.warn({ task_id: task.id, reason }, 'nobody watches a task: it has no thread');
    await store.decide(runs.tell(task.id, `Nobody watches this task in its thread: ${reason}`));
  }
  const position = await memory.position(task.id);
  const thread = position === null ? newThread(task.id) : toThread(position);
  const state = { ...thread.state, opening: null, closedAtRun: work.runs };
  await memory.save(toPosition({ ...thread, state, isClosed: true }));
}
