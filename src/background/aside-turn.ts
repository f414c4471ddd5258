/**
 * What must not be missed while a task has no thread: its questions, and an end that its thread was to tell, are told
 * aside, with a position and plans of their own. What has been told there is kept up to date also when the thread is
 * back.
 */
import { DeliveryBlocked } from '../core/ports.ts';
import type { ThreadMemory } from '../core/run-ports.ts';
import type { TaskWork } from '../core/run.ts';
import { ThreadClosed, type AsideVoice } from '../core/thread-ports.ts';
import { createTelling, DONE, type TellingDeps, type Turned } from './telling.ts';
import { movedTo, newThread, toPosition, toThread, type ThreadNow } from './thread-state.ts';

export interface AsideDeps extends Omit<TellingDeps, 'voice' | 'memory'> {
  readonly aside: AsideVoice;
  readonly memory: ThreadMemory;
  readonly isAnnounced: () => Promise<boolean>;
}

export type AsideTurn = (thread: ThreadNow, work: TaskWork) => Promise<Turned>;

export function asideName(frontEnd: string): string {
  return `${frontEnd}-aside`;
}

export function createAsideTurn(deps: AsideDeps): AsideTurn {
  const { aside, isAnnounced, memory } = deps;
  const voice = {
    ...aside,
    draw: (scene: Parameters<typeof aside.draw>[0]) => aside.draw(scene, isAnnounced),
  };
  const tell = createTelling({ ...deps, voice });
  return async (thread, work) => {
    const stored = await memory.position(thread.taskId);
    const before = stored === null ? null : toThread(stored);
    const isOpen = !thread.isClosed;
    if (isOpen && (before === null || !isAwaiting(before))) return DONE;
    const placed = isOpen ? before : await place(deps, { thread, before, work });
    if (placed === null) return DONE;
    try {
      return await tell(placed, { placeId: thread.threadId, seq: thread.seq, isOpen });
    } catch (error) {
      // The place is another one by the next try, or says itself what it lacks.
      if (error instanceof ThreadClosed) throw new DeliveryBlocked(error.message);
      throw error;
    }
  };
}

/** Something stands there that changes. */
function isAwaiting({ state }: ThreadNow): boolean {
  return state.plan !== null || Object.keys(state.slots).length > 0;
}

interface Placing {
  readonly thread: ThreadNow;
  readonly before: ThreadNow | null;
  readonly work: TaskWork;
}

/** Null: there is nothing to tell. What the thread has told is not told again. */
async function place(
  { aside, memory }: AsideDeps,
  { thread, before, work }: Placing,
): Promise<ThreadNow | null> {
  const now = before ?? newThread(thread.taskId);
  if (now.state.plan !== null) return now;
  const seq = Math.max(now.seq, thread.seq);
  if (seq >= work.lastSeq) return isAwaiting(now) ? now : null;
  const placed = { ...movedTo(now, await aside.place()), seq };
  await memory.save(toPosition(placed));
  return placed;
}
