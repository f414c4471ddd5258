/**
 * What the thread relay needs of a front end: a thread per task, and messages in it that are sent once and edited in
 * place. How they look is the front end's own business; what it keeps about them comes back to it as it was.
 */
import type { RunMessage, TaskWork } from './run.ts';
import type { Task } from './task.ts';

/** A message to be sent. It is saved as JSON before it is sent, and a repeat sends the same. */
export interface ThreadPart {
  /** Goes along with the message: within minutes, sending it again makes no second one. */
  readonly nonce: string;
  /** The front end's own form of it. */
  readonly message: unknown;
  /** A text too long for messages. */
  readonly file?: { readonly name: string; readonly text: string } | undefined;
  /** The name by which it is edited later. */
  readonly slot?: string | undefined;
}

export interface ThreadEdit {
  readonly slot: string;
  readonly message: unknown;
}

/** The other place where a task is told of: for what stands aside its thread, and for the thread what stands aside. */
export interface Elsewhere {
  readonly placeId: string | null;
  /** How far the task has been told there. */
  readonly seq: number;
  /** Whether it is told there now. Of a thread and what stands aside, one is. */
  readonly isOpen: boolean;
}

/** All that the next step is drawn from. */
export interface ThreadScene {
  readonly task: Task;
  readonly work: TaskWork;
  readonly threadId: string;
  /** How far the thread has been told. */
  readonly seq: number;
  /** What comes after that, in order, as much as is looked at at once. */
  readonly messages: readonly RunMessage[];
  /** The messages that can be edited, by name. */
  readonly slots: Readonly<Record<string, string>>;
  /** What the step before left here; null at first. */
  readonly memo: unknown;
  readonly elsewhere: Elsewhere;
  readonly now: Date;
}

export interface ThreadStep {
  /** The newest message that is told by it. */
  readonly to: number;
  readonly parts: readonly Omit<ThreadPart, 'nonce'>[];
  /** Made after the parts were sent. Repeating one is harmless. */
  readonly edits: readonly ThreadEdit[];
  /** Names whose messages, as they are before this step, are not edited after it. */
  readonly over: readonly string[];
  readonly memo: unknown;
  /** When to draw again although nothing was heard; null: no need. */
  readonly againMs: number | null;
}

/** How a place is told of a task. */
export interface ThreadVoice {
  /** What comes next; a step without parts and edits when the place shows all there is. */
  draw(scene: ThreadScene): Promise<ThreadStep>;
  /** The id of the message; null when the front end takes it in no form, which it logs. */
  send(threadId: string, part: ThreadPart): Promise<string | null>;
  edit(threadId: string, edit: { readonly messageId: string; readonly message: unknown }): Promise<EditedAs>;
  /**
   * Which of these parts stand there already: their ids in order, null for one that was refused, up to the last that
   * stands. `after` is the last message known to stand before them; null: none is known, look from this time on.
   */
  find(threadId: string, search: ThreadSearch): Promise<readonly (string | null)[]>;
}

/** Where people are told what must not be missed, while a task has no thread. */
export interface AsideVoice extends Omit<ThreadVoice, 'draw'> {
  /** Which place that is now. Throws DeliveryBlocked while there is none. */
  place(): Promise<string>;
  /** `isAnnounced`: whether all that has happened was told outside of threads. */
  draw(scene: ThreadScene, isAnnounced: () => Promise<boolean>): Promise<ThreadStep>;
}

export interface FrontEndThreads extends ThreadVoice {
  readonly name: string;
  /** Resolves once threads can be told of; rejects when they never will. */
  ready(): Promise<void>;
  /** Makes the task's thread, or finds the one that an earlier try has made. Resolves to its id. */
  open(task: Task, how: Opening): Promise<string>;
  /** Its thread is remembered: what leads there can be drawn. May be repeated, or left out by a kill. */
  opened(task: Task, threadId: string): Promise<void>;
  /** Whether one of these messages changes although its task says nothing more: a question, once it is answered. */
  isAwaiting(slots: ThreadScene['slots']): boolean;
  readonly aside: AsideVoice;
}

export interface Opening {
  /** All that was to be told of the task outside of threads has been told. */
  readonly isAnnounced: boolean;
  /** When an earlier try began, whose outcome is unknown; null for a first one. */
  readonly inDoubtSince: Date | null;
}

/** `gone`: that message will never be edited again. */
export type EditedAs = 'edited' | 'gone';

export interface ThreadSearch {
  readonly parts: readonly ThreadPart[];
  readonly after: string | null;
  readonly since: Date;
  /** Messages that stand there for other tasks. */
  readonly claimed: readonly string[];
}

/** The thread was deleted or locked, or may not be made: nobody can be told there. No task stops for it. */
export class ThreadClosed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ThreadClosed';
  }
}
