/**
 * What a decision knows about the runs of a task, and everything it may change about them. A task that no worker
 * ever claimed and nobody replied to has none of it, and costs nothing more than the look.
 */
import type { AccountHold } from './account-hold.ts';
import { NOTHING_GRANTED } from './grants.ts';
import type { Question, Reply } from './question.ts';
import {
  NO_TOTALS,
  type MessageData,
  type Run,
  type RunMessage,
  type RunTotals,
  type TaskWork,
} from './run.ts';
import type { MessageKind } from './vocabulary.ts';

export interface RunState {
  readonly work: TaskWork;
  /** The run of the task's live lease; null between runs, and while somebody else than a worker holds it. */
  readonly run: Run | null;
  /** Summed over all runs but that one. */
  readonly others: RunTotals;
  /** Those that are open, and those whose answer no run has heard; oldest first. */
  readonly questions: readonly Question[];
  /** Of that run's account. */
  readonly hold: AccountHold | null;
  /** Replies that no run has taken in, in order. */
  readonly unheard: readonly Reply[];
}

/** What a claim that begins a run must know beside that. */
export interface RunNeeds {
  readonly state: RunState | null;
  /** Not taken in yet, in order. */
  readonly replies: readonly Reply[];
  readonly attachments: readonly Attachment[];
}

/** A file that came with a task. */
export interface Attachment {
  readonly taskId: number;
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  /** What it is called where it lies; of no meaning outside. */
  readonly file: string;
}

/** Saved in one transaction with the changes that they belong to. */
export interface RunSaves {
  readonly work?: TaskWork | undefined;
  /** New ones and changed ones. */
  readonly runs?: readonly Run[];
  /** The lease of a run that never began. */
  readonly undone?: string | undefined;
  readonly messages?: readonly RunMessage[];
  readonly replies?: readonly Reply[];
  readonly questions?: readonly Question[];
  readonly attachments?: readonly Attachment[];
  readonly hold?: AccountHold | undefined;
  /** An account whose hold is over. */
  readonly lifted?: string | undefined;
}

export interface Draft {
  readonly run: number | null;
  readonly kind: MessageKind;
  readonly text: string;
  readonly data?: MessageData | undefined;
  readonly at: Date;
}

/** Numbers messages on from the newest one; the task's counter moves along, in the same transaction. */
export function append(
  work: TaskWork,
  drafts: readonly Draft[],
): { readonly work: TaskWork; readonly messages: readonly RunMessage[] } {
  const messages = drafts.map((draft, index) => ({
    taskId: work.taskId,
    seq: work.lastSeq + 1 + index,
    run: draft.run,
    kind: draft.kind,
    text: draft.text,
    data: draft.data ?? null,
    at: draft.at,
  }));
  return { work: { ...work, lastSeq: work.lastSeq + drafts.length }, messages };
}

/** `branch` is empty until the first claim by a worker: somebody may reply before. */
export function newWork(taskId: number, branch: string): TaskWork {
  return {
    taskId,
    branch,
    base: null,
    sessionId: null,
    sessionText: null,
    runs: 0,
    lastSeq: 0,
    replies: 0,
    repliesTaken: 0,
    rules: [],
    grants: 0,
    granted: NOTHING_GRANTED,
    isFinishing: false,
    summary: null,
    overloads: 0,
    activity: null,
    todo: [],
  };
}

export function sumOf(...all: readonly RunTotals[]): RunTotals {
  return all.reduce(
    (sum, one) => ({
      costUsd: sum.costUsd + one.costUsd,
      costEstimated: sum.costEstimated || one.costEstimated,
      inputTokens: sum.inputTokens + one.inputTokens,
      outputTokens: sum.outputTokens + one.outputTokens,
      turns: sum.turns + one.turns,
      durationMs: sum.durationMs + one.durationMs,
    }),
    NO_TOTALS,
  );
}

/** Totals of one run only ever grow; a batch that comes late says less than what is known. */
export function grown(known: RunTotals, told: RunTotals | null): RunTotals {
  if (told === null) return known;
  return {
    costUsd: Math.max(known.costUsd, told.costUsd),
    costEstimated: known.costEstimated || told.costEstimated,
    inputTokens: Math.max(known.inputTokens, told.inputTokens),
    outputTokens: Math.max(known.outputTokens, told.outputTokens),
    turns: Math.max(known.turns, told.turns),
    durationMs: Math.max(known.durationMs, told.durationMs),
  };
}
