/**
 * A question is something that a person must answer before a run can go on. It belongs to the task, not to the run:
 * if the run is lost it stays open, the task waits for the answer, and the next run is told it first. Time never
 * answers one. A reply is an instruction from a person; replies of a task are numbered from 1.
 */
import type { Actor, Budget, QuestionKind, QuestionStatus } from './vocabulary.ts';

export interface QuestionOption {
  readonly id: string;
  readonly label: string;
}

/** The options of a permission. `allow_task` stores the rule for all later runs of the task. */
export const PERMISSION_OPTIONS = ['allow_once', 'allow_task', 'deny'] as const;
/** The options when a budget was reached: the same amount again, deliver what is there, or give up. */
export const BUDGET_OPTIONS = ['more', 'finish', 'stop'] as const;

export interface Question {
  readonly id: number;
  readonly taskId: number;
  /** The run that asked. */
  readonly run: number;
  /** The same question of the same run has the same key. */
  readonly key: string;
  readonly kind: QuestionKind;
  readonly title: string;
  readonly detail: string;
  readonly options: readonly QuestionOption[];
  /** What `allow_task` would allow; null where it is not offered. */
  readonly rule: string | null;
  /** The call that waits, as JSON text, for the run that goes on; never shown. */
  readonly call: string | null;
  /** Asked because a budget was reached. */
  readonly isBudget: boolean;
  /** Which one; null where its worker did not say. */
  readonly budget: Budget | null;
  readonly status: QuestionStatus;
  readonly askedAt: Date;
  /** When people were reminded of it, once. */
  readonly repeatedAt: Date | null;
  readonly answeredAt: Date | null;
  /** Who it was, as people see it: a name of a key or of a person. */
  readonly answeredBy: string | null;
  readonly answer: Answer | null;
  /** Whether a run has been told the answer. */
  readonly isTold: boolean;
}

export interface Answer {
  readonly option: string | null;
  readonly text: string | null;
}

export interface Reply {
  readonly taskId: number;
  readonly number: number;
  readonly text: string;
  /** Interrupts what is going on. */
  readonly now: boolean;
  readonly author: Actor;
  /** As people see it; the run is told it as a label. */
  readonly authorName: string;
  /** It was added to the text of the task, which had no session to go on with. */
  readonly isInText: boolean;
  readonly at: Date;
}
