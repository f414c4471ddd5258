/**
 * A run is one attempt at a task by a worker: known inside by its lease id, outside by its number (1, 2, 3 ... over
 * the task's life). It reports messages, which are kept in one sequence per task whatever run they came from, and
 * totals, which count also when it is killed. Its task remembers what the next run needs, on any machine: the branch,
 * the session, what people have allowed, how often they have granted more.
 */
import type { Granted } from './grants.ts';
import type { Fault, MessageKind, RunOutcome } from './vocabulary.ts';

/** Of one run, or summed over all runs of a task. */
export interface RunTotals {
  readonly costUsd: number;
  /** Some of it was guessed from a price list. */
  readonly costEstimated: boolean;
  /** With cache reads and writes, subagents included. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Answers of the model. */
  readonly turns: number;
  /** Setup and running; waiting for people does not count. */
  readonly durationMs: number;
}

export const NO_TOTALS: RunTotals = {
  costUsd: 0,
  costEstimated: false,
  inputTokens: 0,
  outputTokens: 0,
  turns: 0,
  durationMs: 0,
};

export interface Run {
  readonly taskId: number;
  readonly number: number;
  readonly leaseId: string;
  readonly instanceId: string;
  /** Whose quota it uses; null where the worker did not say. */
  readonly account: string | null;
  /** Whose spending it counts as: see `personOf`. */
  readonly person: string | null;
  readonly submittedBy: string | null;
  readonly project: string | null;
  readonly model: string | null;
  readonly startedAt: Date;
  /** Null while it goes on. */
  readonly endedAt: Date | null;
  readonly totals: RunTotals;
  /** How many of its messages were taken in; they are numbered from 1. */
  readonly messages: number;
  readonly fault: Fault | null;
  /** Whether its closing report came: of a lost run it may come later than its end, once. */
  readonly isReported: boolean;
}

/** What a task keeps from run to run; made at the first claim by a worker. */
export interface TaskWork {
  readonly taskId: number;
  /** Fixed at the first claim. */
  readonly branch: string;
  /** The commit that the branch began from; null until a run told. */
  readonly base: string | null;
  readonly sessionId: string | null;
  /** A word of its worker's for the text of the task that the kept session was told last; null: nobody said. */
  readonly sessionText: string | null;
  /** How many runs there were. */
  readonly runs: number;
  /** The sequence number of the newest message of the task. */
  readonly lastSeq: number;
  /** The number of the newest reply, and of the newest that a run has taken in. */
  readonly replies: number;
  readonly repliesTaken: number;
  /** Rules that people have allowed for all later runs. */
  readonly rules: readonly string[];
  /** How often a reached budget was answered with `more`, whichever it was, and for each of them. */
  readonly grants: number;
  readonly granted: Granted;
  /** A reached budget was answered with `finish`: the next run only delivers. */
  readonly isFinishing: boolean;
  /** What the newest run said at its end. */
  readonly summary: string | null;
  /** Releases in a row for an overload of the model's service. */
  readonly overloads: number;
  /** What runs right now, for whoever watches; null between tools and between runs. */
  readonly activity: Activity | null;
  readonly todo: readonly TodoItem[];
}

export interface Activity {
  readonly text: string;
  readonly startedAt: Date;
}

export interface TodoItem {
  readonly text: string;
  readonly status: 'pending' | 'in_progress' | 'completed';
}

export interface RunMessage {
  readonly taskId: number;
  /** Grows by one over the task's life: no gaps, no repeats. */
  readonly seq: number;
  /** Null for the server's own notices. */
  readonly run: number | null;
  readonly kind: MessageKind;
  readonly text: string;
  /** What a front end needs beside the text: of a `question` its id, of a `result` how it ended, of a reply where it was. */
  readonly data: MessageData | null;
  readonly at: Date;
}

export interface MessageData {
  readonly question_id?: number;
  /** Of the server's notice that somebody replied: which reply, and the place where people can read it anyway. */
  readonly reply_id?: number;
  readonly said_in?: string | undefined;
  /** Of a `result`: the task's status and result as they were then. */
  readonly status?: string;
  readonly result?: RunResult;
}

/** The keys are those of the wire: it is stored and sent as it is. Money, tokens, turns and duration are sums over all runs. */
export interface RunResult {
  readonly outcome: RunOutcome;
  readonly summary: string | null;
  readonly branch: string | null;
  readonly commit: string | null;
  readonly base: string | null;
  readonly files_changed: number | null;
  readonly insertions: number | null;
  readonly deletions: number | null;
  readonly cost_usd: number;
  readonly cost_estimated: boolean;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly turns: number;
  readonly duration_seconds: number;
  readonly session_id: string | null;
  readonly model: string | null;
}

/** What a run says of itself at its end. */
export interface RunReport {
  readonly outcome: RunOutcome;
  readonly summary: string | null;
  readonly branch: string | null;
  readonly commit: string | null;
  readonly base: string | null;
  readonly filesChanged: number | null;
  readonly insertions: number | null;
  readonly deletions: number | null;
  readonly sessionId: string | null;
  /** Undefined: as before. */
  readonly sessionText?: string | undefined;
  readonly model: string | null;
  readonly totals: RunTotals;
  /** The number of the last reply that was taken in; 0 for none. */
  readonly lastReply: number;
}
