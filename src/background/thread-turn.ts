/**
 * One turn of one thread: it is opened if need be, what comes next is drawn and saved as a plan, sent, and closed
 * together with the position that moves on. Whatever cuts a turn short, the next one goes on with the same plan.
 */
import type { Clock, Logger, Store } from '../core/ports.ts';
import type { ThreadMemory } from '../core/run-ports.ts';
import type { RunService } from '../core/run-service.ts';
import type { TaskWork } from '../core/run.ts';
import type { Task } from '../core/task.ts';
import { ThreadClosed, type FrontEndThreads, type ThreadStep } from '../core/thread-ports.ts';
import {
  closePlan,
  newThread,
  toPlan,
  toPosition,
  toThread,
  type Sent,
  type ThreadNow,
  type ThreadPlan,
} from './thread-state.ts';

/** Messages that one step is drawn from. */
const PAGE = 100;
/** A front end remembers a nonce for minutes; for this long repeating is safe. */
const NONCE_SURE_MS = 2 * 60_000;

export interface ThreadTurnDeps {
  readonly store: Pick<Store, 'task' | 'taskWork' | 'messages' | 'decide'>;
  readonly runs: Pick<RunService, 'tell'>;
  readonly threads: FrontEndThreads;
  readonly memory: ThreadMemory;
  /** Whether everything that has happened was told outside of threads. */
  readonly isAnnounced: () => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Turned {
  /** Messages that were sent. */
  readonly sent: number;
  /** There may be more to tell. */
  readonly isBehind: boolean;
  readonly againMs: number | null;
}

const DONE: Turned = { sent: 0, isBehind: false, againMs: null };

interface Subject {
  readonly task: Task;
  readonly work: TaskWork;
  readonly thread: ThreadNow;
}

export type ThreadTurn = (taskId: number) => Promise<Turned>;

export function createThreadTurn(deps: ThreadTurnDeps): ThreadTurn {
  return async (taskId) => {
    const subject = await findSubject(deps, taskId);
    if (subject === null) return DONE;
    try {
      return await tell(deps, await opened(deps, subject));
    } catch (error) {
      if (!(error instanceof ThreadClosed)) throw error;
      await close(deps, subject, error.message);
      return DONE;
    }
  };
}

/** Null: there is nothing to tell, or nobody to tell it to. A closed thread is tried again with the next run. */
async function findSubject({ store, memory }: ThreadTurnDeps, taskId: number): Promise<Subject | null> {
  const work = await store.taskWork(taskId);
  const position = await memory.position(taskId);
  if (work === null || (work.runs === 0 && position === null)) return null;
  const thread = position === null ? newThread(taskId) : toThread(position);
  if (thread.isClosed && work.runs <= (thread.state.closedAtRun ?? work.runs)) return null;
  const task = await store.task(taskId);
  if (task === null || isForNothing(task, { work, thread })) return null;
  return { task, work, thread };
}

/** No thread is made for what was over before there were threads. */
function isForNothing({ status }: Task, { work, thread }: Omit<Subject, 'task'>): boolean {
  return thread.threadId === null && thread.seq >= work.lastSeq && status !== 'in_progress';
}

async function opened(deps: ThreadTurnDeps, { task, thread }: Subject): Promise<ThreadNow> {
  const { threads, memory, isAnnounced, clock } = deps;
  if (thread.threadId !== null && !thread.isClosed) return thread;
  const { opening } = thread.state;
  const inDoubtSince = opening === null ? null : new Date(opening);
  // A thread that was made and not remembered is looked for by the next try.
  const now = { ...thread, state: { ...thread.state, opening: opening ?? clock.now().toISOString() } };
  if (inDoubtSince === null) await memory.save(toPosition(now));
  const threadId = await threads.open(task, { isAnnounced: await isAnnounced(), inDoubtSince });
  const open = openedAs(now, threadId);
  await memory.save(toPosition(open));
  await threads.opened(task, threadId);
  return open;
}

/** What was edited in place stands in the thread that is gone. */
function openedAs(thread: ThreadNow, threadId: string): ThreadNow {
  const { state } = thread;
  const kept = threadId === thread.threadId ? state : { ...state, plan: null, last: null, slots: {} };
  return { ...thread, threadId, isClosed: false, state: { ...kept, opening: null, closedAtRun: null } };
}

async function tell(deps: ThreadTurnDeps, thread: ThreadNow): Promise<Turned> {
  const { clock, memory } = deps;
  if (thread.state.plan !== null) {
    await finish(deps, thread, thread.state.plan);
    return { sent: thread.state.plan.parts.length, isBehind: true, againMs: null };
  }
  const drawn = await draw(deps, thread);
  if (drawn === null) return DONE;
  const { step, isBehind } = drawn;
  const { againMs } = step;
  if (isNothing(step, thread)) return { sent: 0, isBehind: false, againMs };
  const plan = toPlan(step, thread, clock.now());
  // An edit can be repeated as it comes; a message cannot.
  if (plan.parts.length > 0) {
    await memory.save(toPosition({ ...thread, state: { ...thread.state, plan } }));
  }
  await finish(deps, thread, plan);
  return { sent: plan.parts.length, isBehind, againMs };
}

function isNothing({ parts, edits, over, to, memo }: ThreadStep, { seq, state }: ThreadNow): boolean {
  const isSame = to === seq && JSON.stringify(memo) === JSON.stringify(state.memo);
  return parts.length + edits.length + over.length === 0 && isSame;
}

/** The task is read last: what its messages tell has happened to it by then. Null: it was deleted meanwhile. */
async function draw({ store, threads, clock }: ThreadTurnDeps, thread: ThreadNow): Promise<Drawn | null> {
  const { taskId, threadId, seq } = thread;
  const { slots, memo } = thread.state;
  const { messages } = await store.messages(taskId, seq, PAGE);
  const [work, task] = [await store.taskWork(taskId), await store.task(taskId)];
  if (work === null || task === null) return null;
  const scene = { task, work, threadId: threadId ?? '', seq, messages, slots, memo, now: clock.now() };
  const step = await threads.draw(scene);
  return { step, isBehind: step.to < work.lastSeq };
}

interface Drawn {
  readonly step: ThreadStep;
  readonly isBehind: boolean;
}

/** Sends what does not stand yet, edits, and closes the plan. */
async function finish(deps: ThreadTurnDeps, thread: ThreadNow, plan: ThreadPlan): Promise<void> {
  const ids = await send(deps, thread, plan);
  const gone: string[] = [];
  for (const { slot, message } of plan.edits) {
    const messageId = thread.state.slots[slot];
    if (messageId === undefined) continue;
    const edited = await deps.threads.edit(idOf(thread), { messageId, message });
    if (edited === 'gone') gone.push(slot);
  }
  const sent: Sent = { ids, gone };
  await deps.memory.save(toPosition(closePlan(thread, plan, sent)));
}

async function send(
  { threads, clock }: ThreadTurnDeps,
  thread: ThreadNow,
  { parts, since }: ThreadPlan,
): Promise<readonly (string | null)[]> {
  const firstTry = new Date(since);
  const isForgotten = clock.now().getTime() - firstTry.getTime() >= NONCE_SURE_MS;
  const search = { parts, after: thread.state.last, since: firstTry };
  const ids: (string | null)[] = isForgotten ? [...(await threads.find(idOf(thread), search))] : [];
  for (const part of parts.slice(ids.length)) ids.push(await threads.send(idOf(thread), part));
  return ids;
}

const idOf = ({ threadId }: ThreadNow): string => threadId ?? '';

/** Gives up on what could never be told: the plan that is open, or else the next message. */
export async function skipNext({ store, memory, logger }: ThreadTurnDeps, taskId: number): Promise<void> {
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

/** Told in the task's own messages: whoever looks there sees why the thread is silent. */
async function close(deps: ThreadTurnDeps, { task, work }: Subject, reason: string): Promise<void> {
  const { memory, store, runs, logger } = deps;
  logger.warn({ task_id: task.id, reason }, 'nobody watches a task: it has no thread');
  await store.decide(runs.tell(task.id, `Nobody watches this task in its thread: ${reason}`));
  const position = await memory.position(task.id);
  const thread = position === null ? newThread(task.id) : toThread(position);
  const state = { ...thread.state, opening: null, closedAtRun: work.runs };
  await memory.save(toPosition({ ...thread, state, isClosed: true }));
}
