/**
 * Tells a place what comes next in a task: drawn and saved as a plan, sent, and closed together with the position that
 * moves on. Whatever cuts this short, the next time goes on with the same plan.
 */
import { createOneByOne } from '../core/one-by-one.ts';
import type { Clock, Store } from '../core/ports.ts';
import type { ThreadMemory } from '../core/run-ports.ts';
import type { Elsewhere, ThreadStep, ThreadVoice } from '../core/thread-ports.ts';
import { closePlan, toPlan, toPosition, toThread, type ThreadNow, type ThreadPlan } from './thread-state.ts';

/** Messages that one step is drawn from. */
const PAGE = 100;
/** A front end remembers a nonce for minutes; for this long repeating is safe. */
const NONCE_SURE_MS = 2 * 60_000;
/** Other tasks that one place is shared with. */
const NEIGHBOURS = 50;

export interface TellingDeps {
  readonly store: Pick<Store, 'task' | 'taskWork' | 'messages'>;
  readonly voice: ThreadVoice;
  readonly memory: ThreadMemory;
  readonly clock: Clock;
}

export interface Turned {
  /** Messages that were sent. */
  readonly sent: number;
  /** There may be more to tell. */
  readonly isBehind: boolean;
  readonly againMs: number | null;
}

export const DONE: Turned = { sent: 0, isBehind: false, againMs: null };

export type Tell = (thread: ThreadNow, elsewhere: Elsewhere) => Promise<Turned>;

export function createTelling(deps: TellingDeps): Tell {
  // Tasks may share a place: what one has sent and not yet remembered is not looked for by another.
  const inTurn = createOneByOne<string>();
  const { clock, memory } = deps;

  async function go(thread: ThreadNow, plan: ThreadPlan): Promise<void> {
    await inTurn(idOf(thread), () => finish(deps, thread, plan));
  }

  return async (thread, elsewhere) => {
    if (thread.state.plan !== null) {
      await go(thread, thread.state.plan);
      return { sent: thread.state.plan.parts.length, isBehind: true, againMs: null };
    }
    const drawn = await draw(deps, thread, elsewhere);
    if (drawn === null) return DONE;
    const { step, isBehind } = drawn;
    const { againMs } = step;
    if (isNothing(step, thread)) return { sent: 0, isBehind: false, againMs };
    const plan = toPlan(step, thread, clock.now());
    // An edit can be repeated as it comes; a message cannot.
    if (plan.parts.length > 0) {
      await memory.save(toPosition({ ...thread, state: { ...thread.state, plan } }));
    }
    await go(thread, plan);
    return { sent: plan.parts.length, isBehind, againMs };
  };
}

function isNothing({ parts, edits, over, to, memo }: ThreadStep, { seq, state }: ThreadNow): boolean {
  const isSame = to === seq && JSON.stringify(memo) === JSON.stringify(state.memo);
  return parts.length + edits.length + over.length === 0 && isSame;
}

/** The task is read last: what its messages tell has happened to it by then. Null: it was deleted meanwhile. */
async function draw(
  { store, voice, clock }: TellingDeps,
  thread: ThreadNow,
  elsewhere: Elsewhere,
): Promise<Drawn | null> {
  const { taskId, threadId, seq } = thread;
  const { slots, memo } = thread.state;
  const { messages } = await store.messages(taskId, seq, PAGE);
  const [work, task] = [await store.taskWork(taskId), await store.task(taskId)];
  if (work === null || task === null) return null;
  const place = { threadId: threadId ?? '', seq, messages, slots, memo, elsewhere };
  const step = await voice.draw({ task, work, ...place, now: clock.now() });
  return { step, isBehind: step.to < work.lastSeq };
}

interface Drawn {
  readonly step: ThreadStep;
  readonly isBehind: boolean;
}

/** Sends what does not stand yet, edits, and closes the plan. */
async function finish(deps: TellingDeps, thread: ThreadNow, plan: ThreadPlan): Promise<void> {
  const ids = await send(deps, thread, plan);
  const gone: string[] = [];
  for (const { slot, message } of plan.edits) {
    const messageId = thread.state.slots[slot];
    if (messageId === undefined) continue;
    const edited = await deps.voice.edit(idOf(thread), { messageId, message });
    if (edited === 'gone') gone.push(slot);
  }
  await deps.memory.save(toPosition(closePlan(thread, plan, { ids, gone })));
}

async function send(
  deps: TellingDeps,
  thread: ThreadNow,
  { parts, since }: ThreadPlan,
): Promise<readonly (string | null)[]> {
  const { voice, clock } = deps;
  const firstTry = new Date(since);
  const isForgotten = clock.now().getTime() - firstTry.getTime() >= NONCE_SURE_MS;
  const ids: (string | null)[] = [];
  if (isForgotten && parts.length > 0) {
    const claimed = await claimedIn(deps, thread);
    const search = { parts, after: thread.state.last, since: firstTry, claimed };
    ids.push(...(await voice.find(idOf(thread), search)));
  }
  for (const part of parts.slice(ids.length)) ids.push(await voice.send(idOf(thread), part));
  return ids;
}

/** What stands there for others may say the same, and is not ours all the same. */
async function claimedIn({ memory }: TellingDeps, thread: ThreadNow): Promise<readonly string[]> {
  const others = await memory.tasksIn(idOf(thread), NEIGHBOURS);
  const claimed: string[] = [];
  for (const id of others) {
    const position = id === thread.taskId ? null : await memory.position(id);
    if (position === null) continue;
    const { state } = toThread(position);
    claimed.push(...state.recent, ...Object.values(state.slots));
  }
  return claimed;
}

const idOf = ({ threadId }: ThreadNow): string => threadId ?? '';
