/** A step of a thread while it is drawn: what is sent, in order, and what is edited. */
import type { Activity } from '../../core/run.ts';
import type { ThreadEdit, ThreadPart, ThreadScene, ThreadStep } from '../../core/thread-ports.ts';
import type { Outgoing } from './outgoing.ts';
import { toolsCard, TOOLS_SHOWN, type Stretch } from './thread-cards.ts';
import { SLOTS, toMemo, type ThreadMemo } from './thread-memo.ts';
import type { Change } from './thread-message.ts';

/** What runs now, worth telling of. */
export interface Running {
  readonly activity: Activity;
  /** Null: not long enough to count. */
  readonly elapsedMs: number | null;
}

export interface Draft {
  readonly scene: ThreadScene;
  memo(): ThreadMemo;
  remember(memo: Partial<ThreadMemo>): void;
  /** How many messages it has so far. */
  parts(): number;
  to(): number;
  toldUpTo(seq: number): void;
  /** A stretch of work ends with it. */
  send(message: Outgoing, how?: Pick<ThreadPart, 'slot' | 'file'>): void;
  edit(slot: string, change: Change): void;
  /** Its message is never edited again. */
  leave(slot: string): void;
  /** Goes on with the stretch of work, or begins one. */
  work(tools: readonly string[]): void;
  isWorking(): boolean;
  /** The stretch as it stands at the end of this step. */
  showWork(running: Running | null): void;
  done(againMs: number | null): ThreadStep;
}

interface OpenStretch extends Stretch {
  readonly shown: string | null;
  /** Its place among the parts; null: it stands already. */
  readonly place: number | null;
}

export function createDraft(scene: ThreadScene): Draft {
  const parts: Omit<ThreadPart, 'nonce'>[] = [];
  const edits: ThreadEdit[] = [];
  const over: string[] = [];
  let memo = toMemo(scene.memo);
  let to = scene.seq;
  let open: OpenStretch | null =
    memo.stretch !== null && SLOTS.tools in scene.slots ? { ...memo.stretch, place: null } : null;

  function showWork(running: Running | null): void {
    if (open === null) return;
    const shown = digest(open, running);
    const message = toolsCard(open, running);
    if (open.place !== null) parts[open.place] = { message, slot: SLOTS.tools };
    else if (shown !== open.shown) edits.push({ slot: SLOTS.tools, message });
    memo = { ...memo, stretch: { tools: open.tools, count: open.count, shown } };
  }

  function endWork(): void {
    showWork(null);
    open = null;
    memo = { ...memo, stretch: null };
  }

  return {
    scene,
    memo: () => memo,
    remember(part) {
      memo = { ...memo, ...part };
    },
    parts: () => parts.length,
    to: () => to,
    toldUpTo(seq) {
      to = seq;
    },
    send(message, how = {}) {
      endWork();
      parts.push({ message, ...how });
    },
    edit: (slot, message) => void edits.push({ slot, message }),
    leave: (slot) => void over.push(slot),
    work(tools) {
      const before = open ?? begun(parts.length);
      if (open === null) parts.push({ message: null });
      const all = [...before.tools, ...tools];
      open = { ...before, tools: all.slice(-TOOLS_SHOWN), count: before.count + tools.length };
    },
    isWorking: () => open !== null,
    showWork,
    done: (againMs) => ({ to, parts, edits, over, memo, againMs }),
  };
}

function begun(place: number): OpenStretch {
  return { tools: [], count: 0, shown: null, place };
}

function digest({ count }: Stretch, running: Running | null): string {
  if (running === null) return `${count}`;
  const { activity, elapsedMs } = running;
  return `${count} ${activity.startedAt.getTime()} ${elapsedMs ?? 0} ${activity.text}`;
}
