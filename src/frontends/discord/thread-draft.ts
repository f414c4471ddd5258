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
  /** What it showed last as running, until its line comes. */
  readonly running: string | null;
  /** Its place among the parts; null: it stands already. */
  readonly place: number | null;
}

export function createDraft(scene: ThreadScene): Draft {
  const parts: Omit<ThreadPart, 'nonce'>[] = [];
  const edits: ThreadEdit[] = [];
  const over: string[] = [];
  let memo = toMemo(scene.memo);
  let to = scene.seq;
  let open = openedBefore(memo, scene);

  function showWork(running: Running | null): void {
    if (open === null) return;
    if (running === null && isAwaited(open)) return;
    open = { ...open, running: running?.activity.text ?? open.running };
    const shown = digest(open, running);
    const message = toolsCard(open, running);
    if (open.place !== null) parts[open.place] = { message, slot: SLOTS.tools };
    else if (shown !== open.shown) edits.push({ slot: SLOTS.tools, message });
    memo = { ...memo, stretch: { tools: open.tools, count: open.count, shown, running: open.running } };
  }

  function endWork(): void {
    if (open !== null) open = ended(open, scene);
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
      open = grownBy(before, tools);
    },
    isWorking: () => open !== null,
    showWork,
    done: (againMs) => ({ to, parts, edits, over, memo, againMs }),
  };
}

function begun(place: number): OpenStretch {
  return { tools: [], count: 0, shown: null, running: null, place };
}

function openedBefore({ stretch }: ThreadMemo, { slots }: ThreadScene): OpenStretch | null {
  return stretch !== null && SLOTS.tools in slots ? { running: null, ...stretch, place: null } : null;
}

function grownBy(stretch: OpenStretch, tools: readonly string[]): OpenStretch {
  const running = tools.length > 0 ? null : stretch.running;
  const all = [...stretch.tools, ...tools];
  return { ...stretch, running, tools: all.slice(-TOOLS_SHOWN), count: stretch.count + tools.length };
}

/** The line of what it shows as running is yet to come, or else the stretch ends without it. */
const isAwaited = ({ running, place }: OpenStretch) => running !== null && place === null;

/** What ran for long and has no line of its own yet does not vanish from its card. */
function ended(stretch: OpenStretch, { task, work }: ThreadScene): OpenStretch {
  const { running, tools, count } = stretch;
  if (running === null) return stretch;
  const goesOn = task.status === 'in_progress' && work.activity?.text === running;
  // It is shown again with what follows.
  if (goesOn && count > 0) return { ...stretch, running: null };
  const line = goesOn ? running : `${running.split('\n', 1)[0] ?? ''} · stopped`;
  return { ...stretch, running: null, tools: [...tools, line].slice(-TOOLS_SHOWN), count: count + 1 };
}

function digest({ count }: Stretch, running: Running | null): string {
  if (running === null) return `${count}`;
  const { activity, elapsedMs } = running;
  return `${count} ${activity.startedAt.getTime()} ${elapsedMs ?? 0} ${activity.text}`;
}
