/**
 * An event is a past-tense fact about one task: one row of the audit trail, written in the same
 * transaction as the change it tells of, and the only thing a notification is drawn from.
 * `details` therefore holds all that a notification shows. Its keys are snake_case because the
 * object is stored and sent as it is.
 */
import type { RunResult } from './run.ts';
import type { Actor, EventAction, Parking, Priority } from './vocabulary.ts';

export interface EventDetails {
  /** First line of the description, shortened: names the task in one line. */
  readonly title: string;
  readonly description?: string;
  readonly priority?: Priority;
  readonly previous_priority?: Priority;
  readonly target?: string;
  readonly submitted_by?: string;
  /** Who may be mentioned about this task: known from the front end itself, never from the API. */
  readonly submitter?: Actor;
  readonly instance_name?: string;
  readonly attempt?: number;
  readonly max_attempts?: number;
  readonly reason?: string;
  readonly error?: string;
  readonly notes?: string;
  /** Milliseconds from claim to end; never negative. */
  readonly duration_ms?: number;
  readonly not_before?: string;
  /** What claim-next would have handed out right after this event. */
  /** The number of a reply. */
  readonly reply?: number;
  readonly project?: string;
  /** What a task waits for that a run gave back. */
  readonly parked?: Parking;
  /** Of an end by a worker: how the work stands. */
  readonly result?: RunResult;
  readonly next_task?: { readonly id: number; readonly title: string };
}

export interface NewEvent {
  readonly taskId: number;
  readonly action: EventAction;
  readonly actor: Actor;
  /** The key by which the call came; null for front ends and for Athena itself. */
  readonly keyId: string | null;
  readonly instanceId: string | null;
  readonly details: EventDetails;
  readonly timestamp: Date;
}

/** `position` orders all events by commit; it is opaque text and only the store reads it. */
export interface TaskEvent extends NewEvent {
  readonly id: number;
  readonly position: string;
}

const TITLE_LENGTH = 100;
/** Words with single spaces between them: what most descriptions are, and nothing to change. */
const IS_A_TITLE = /^\S+(?: \S+)*$/;

/** The first line of a text with something in it, shortened to fit one line of a list. */
export function titleOf(text: string): string {
  if (text.length <= TITLE_LENGTH && IS_A_TITLE.test(text)) return text;
  const line = text.trim().split(/\r\n|\r|\n/, 1)[0] ?? '';
  const flat = line.replace(/\s+/g, ' ').trim();
  if (flat.length <= TITLE_LENGTH) return flat;
  // Array.from keeps a surrogate pair whole where a cut by index could split it.
  return `${Array.from(flat.slice(0, TITLE_LENGTH - 1))
    .join('')
    .replace(/[\uD800-\uDBFF]$/, '')}…`;
}
