/**
 * What is kept of a thread beside its position: what is being sent, so that a repeat sends the same, and what is
 * edited in place. Saved whole, as JSON, together with the position.
 */
import type { ThreadPosition } from '../core/run-ports.ts';
import type { ThreadPart, ThreadStep } from '../core/thread-ports.ts';

export interface ThreadPlan extends Omit<ThreadStep, 'parts' | 'againMs'> {
  readonly parts: readonly ThreadPart[];
  /** ISO time of the first send that may have happened. */
  readonly since: string;
}

export interface ThreadState {
  readonly plan: ThreadPlan | null;
  /** How many plans there were: no two have the same nonces. */
  readonly plans: number;
  /** The last message that stands for sure. */
  readonly last: string | null;
  /** That one and some before it: no other task in the same place takes them for its own. */
  readonly recent: readonly string[];
  readonly slots: Readonly<Record<string, string>>;
  readonly memo: unknown;
  /** ISO time of the first try to make the thread, while that is under way. */
  readonly opening: string | null;
  /** Where it was given up: how many runs the task had then. */
  readonly closedAtRun: number | null;
}

/** Far more than are sent to one place while a send of another task there is in doubt. */
const RECENT = 30;

export interface ThreadNow extends Omit<ThreadPosition, 'state'> {
  readonly state: ThreadState;
}

const NO_STATE: ThreadState = {
  plan: null,
  plans: 0,
  last: null,
  recent: [],
  slots: {},
  memo: null,
  opening: null,
  closedAtRun: null,
};

export function newThread(taskId: number): ThreadNow {
  return { taskId, threadId: null, seq: 0, isClosed: false, state: NO_STATE };
}

export function toThread(position: ThreadPosition): ThreadNow {
  return { ...position, state: { ...NO_STATE, ...(JSON.parse(position.state) as Partial<ThreadState>) } };
}

export function toPosition(thread: ThreadNow): ThreadPosition {
  return { ...thread, state: JSON.stringify(thread.state) };
}

/** What stood where it was before is not edited any more. */
export function movedTo(thread: ThreadNow, threadId: string): ThreadNow {
  const { state } = thread;
  const kept =
    threadId === thread.threadId ? state : { ...state, plan: null, last: null, recent: [], slots: {} };
  return { ...thread, threadId, isClosed: false, state: { ...kept, opening: null, closedAtRun: null } };
}

/** At most 25 characters. The time is in it, since numbers repeat after a restored backup. */
export function toPlan(step: ThreadStep, { taskId, state }: ThreadNow, now: Date): ThreadPlan {
  const of = `t${taskId.toString(36)}.${state.plans.toString(36)}.${now.getTime().toString(36)}`;
  const { to, edits, over, memo } = step;
  const parts = step.parts.map((part, index) => ({ ...part, nonce: `${of}.${index.toString(36)}` }));
  return { to, edits, over, memo, parts, since: now.toISOString() };
}

/** The plan is closed and the position moved on: one change. `ids` are those of its parts. */
export function closePlan(thread: ThreadNow, plan: ThreadPlan, sent: Sent): ThreadNow {
  const slots = new Map(Object.entries(thread.state.slots));
  for (const slot of [...plan.over, ...sent.gone]) slots.delete(slot);
  plan.parts.forEach(({ slot }, index) => {
    const id = sent.ids[index] ?? null;
    if (slot !== undefined && id !== null) slots.set(slot, id);
  });
  const stand = sent.ids.filter((id) => id !== null);
  const { plans } = thread.state;
  return {
    ...thread,
    seq: plan.to,
    state: {
      plan: null,
      plans: plans + (plan.parts.length > 0 ? 1 : 0),
      last: stand.at(-1) ?? thread.state.last,
      recent: [...thread.state.recent, ...stand].slice(-RECENT),
      slots: Object.fromEntries(slots),
      memo: plan.memo,
      opening: null,
      closedAtRun: null,
    },
  };
}

export interface Sent {
  readonly ids: readonly (string | null)[];
  /** Names of messages that are not there any more. */
  readonly gone: readonly string[];
}
