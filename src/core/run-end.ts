/**
 * The end of a run, whoever brought it about: its worker, another person, or time. The run's row ends with its lease;
 * the task's result counts what every run has used; what is left open is closed with the task, or keeps it waiting.
 */
import { liftedBy, type AccountHold } from './account-hold.ts';
import type { Question } from './question.ts';
import { undoRun } from './run-begin.ts';
import { resultOf } from './run-result.ts';
import { NO_TOTALS, type Run, type RunReport, type RunResult, type TaskWork } from './run.ts';
import { append, grown, sumOf, type Draft, type RunSaves, type RunState } from './run-state.ts';
import { isFinished, type Parked, type Task, type TaskChange } from './task.ts';
import type { Fault, RunOutcome } from './vocabulary.ts';

/** What is known of an end beside the change itself. */
export interface RunEnd {
  readonly report?: RunReport | undefined;
  /** What the task waits for from now on, if its questions do not say. */
  readonly parked?: Parked | undefined;
  readonly fault?: Fault | undefined;
  /** Releases in a row for an overload, this one included; any other end begins anew. */
  readonly overloads?: number | undefined;
  /** Its account has nothing left. */
  readonly hold?: AccountHold | undefined;
  /** The newest reply that its holder knew of; left out: whoever ended it was not its holder. */
  readonly heard?: number | undefined;
}

export interface Settled {
  readonly change: TaskChange;
  readonly saves: RunSaves | null;
}

export function settleRun(change: TaskChange, state: RunState | null, end: RunEnd = {}): Settled {
  const isEnd = change.leaseEnd !== undefined || (isFinished(change.after) && !wasFinished(change));
  if (state === null || !isEnd) return { change, saves: null };
  if (change.leaseEnd?.outcome === 'undelivered') return undone(change, state);
  const told = tellOf(parked(change, state, end), state, end);
  return { change: told.change, saves: savesOf(told, state, end) };
}

const wasFinished = ({ before }: TaskChange) => before !== null && isFinished(before);

function undone(change: TaskChange, state: RunState): Settled {
  const saves = undoRun(state, change.event.timestamp);
  return { change: parked(change, state, {}), saves };
}

/** An open question keeps a task waiting however its run ended, unless the task has ended with it. */
function parked(change: TaskChange, { questions }: RunState, { parked: asked }: RunEnd): TaskChange {
  if (change.after.status !== 'pending') return change;
  const waits = waitsFor(questions) ?? asked;
  if (waits === undefined) return change;
  const details = { ...change.event.details, parked: waits.kind };
  return { ...change, after: { ...change.after, parked: waits }, event: { ...change.event, details } };
}

/** What the open questions of a task make it wait for. */
export function waitsFor(questions: readonly Question[]): Parked | undefined {
  const open = questions.find(({ status }) => status === 'open');
  if (open === undefined) return undefined;
  return { kind: open.isBudget ? 'budget' : 'answer', until: null, detail: open.title };
}

interface Told {
  readonly change: TaskChange;
  readonly draft: Draft | null;
}

function tellOf(change: TaskChange, state: RunState, end: RunEnd): Told {
  const at = change.event.timestamp;
  const run = state.run?.number ?? null;
  if (!wasRun(state)) return { change, draft: null };
  const result = resultAfter(change, state, end);
  const after = { ...change.after, result };
  if (!isFinished(after)) return { change: { ...change, after }, draft: noticeOf(change, state, at) };
  const details = { ...change.event.details, result };
  const data = { status: after.status, result };
  // What an earlier run said of itself is no word about this end.
  const said = end.report?.summary ?? lineOf(after, details);
  const text = after.status === 'failed' ? withUnheard(said, state, end) : said;
  return {
    change: { ...change, after, event: { ...change.event, details } },
    draft: { run, kind: 'result', text, data, at },
  };
}

const wasRun = ({ work }: RunState) => work.runs > 0;

function resultAfter({ before, after }: TaskChange, state: RunState, { report }: RunEnd): RunResult {
  const totals = grown(state.run?.totals ?? NO_TOTALS, report?.totals ?? null);
  return resultOf({
    outcome: outcomeOf(after, report),
    report: report ?? null,
    before: before?.result ?? null,
    sums: sumOf(state.others, totals),
  });
}

/** What the run says counts as long as it does not contradict what became of the task. */
function outcomeOf(after: Task, report: RunReport | undefined): RunOutcome {
  if (after.status === 'cancelled') return 'cancelled';
  if (after.status === 'failed') return 'failed';
  if (after.status === 'completed') return report?.outcome ?? 'done';
  if (after.parked !== null) return 'parked';
  return report?.outcome ?? 'failed';
}

function lineOf({ status, error }: Task, { reason }: TaskChange['event']['details']): string {
  if (status === 'completed') return 'Completed.';
  if (status === 'cancelled') return reason === undefined ? 'Cancelled.' : `Cancelled. ${reason}`;
  return error ?? 'Failed.';
}

/** A failed task does not go on by itself for what was said to it meanwhile. */
function withUnheard(said: string, { work }: RunState, { report }: RunEnd): string {
  const next = Math.max(work.repliesTaken, report?.lastReply ?? 0) + 1;
  if (work.replies < next) return said;
  const which = work.replies === next ? `Reply ${next} was` : `Replies ${next} to ${work.replies} were`;
  return `${said}\n\n${which} not heard: the next run is told, if there is one.`;
}

/** Between two runs people are told why nothing happens. */
function noticeOf({ after, event }: TaskChange, { run, questions }: RunState, at: Date): Draft {
  const name = run === null ? 'The task' : `Run ${run.number}`;
  const isAnswered = questions.some(({ status, isTold }) => status === 'answered' && !isTold);
  const details = isAnswered ? { reason: ANSWERED, ...event.details } : event.details;
  return { run: null, kind: 'notice', text: noticeText(name, after, details), at };
}

const ANSWERED = 'Its question has been answered meanwhile: the next run is told.';

function noticeText(name: string, { parked: waits, error }: Task, details: TaskChange['event']['details']) {
  if (waits !== null) {
    const until = waits.until === null ? '' : ` until ${waits.until.toISOString()}`;
    return `${name} is parked: it waits for ${WAITS[waits.kind]}${until}. ${waits.detail}`.trim();
  }
  if (details.reason === 'lease_expired') return `${name} was lost: ${error ?? 'its lease expired.'}`;
  if (details.error !== undefined) return `${name} failed and is tried again: ${details.error}`;
  return `${name} was given back.${details.reason === undefined ? '' : ` ${details.reason}`}`;
}

const WAITS = {
  answer: 'an answer',
  quota: 'quota',
  budget: 'a decision about its budget',
  limit: "its person's limit",
} as const;

function savesOf({ change, draft }: Told, state: RunState, end: RunEnd): RunSaves {
  const done = isFinished(change.after);
  const { work, messages } = append(
    workAfter(state, { ...end, isDone: done }),
    draft === null ? [] : [draft],
  );
  return {
    work,
    messages,
    ...(state.run !== null && savesOfRun(change, { state, run: state.run, end })),
    questions: state.questions.flatMap((question) => questionAfter(question, state, { done, end })),
  };
}

function savesOfRun(
  { after, event }: TaskChange,
  { state, run, end }: { state: RunState; run: Run; end: RunEnd },
): RunSaves {
  const ended: Run = {
    ...run,
    endedAt: event.timestamp,
    totals: grown(run.totals, end.report?.totals ?? null),
    model: end.report?.model ?? run.model,
    fault: end.fault ?? null,
    isReported: end.report !== undefined,
  };
  if (end.hold !== undefined) return { runs: [ended], hold: end.hold };
  return { runs: [ended], ...liftedBy(state.hold, ended, after.status === 'completed') };
}

function workAfter(
  { work, run }: RunState,
  { report, overloads, heard, isDone }: RunEnd & { isDone: boolean },
): TaskWork {
  const kept = {
    ...work,
    // Whoever ends it as done has done what they knew of.
    repliesTaken: isDone ? takenWith(work, heard ?? 0) : work.repliesTaken,
    activity: null,
    overloads: run === null ? work.overloads : (overloads ?? 0),
    // What comes after the end is a follow-up, which works again.
    isFinishing: work.isFinishing && !isDone,
  };
  return report === undefined ? kept : withReport(kept, report);
}

export function withReport(work: TaskWork, report: RunReport): TaskWork {
  return {
    ...work,
    base: work.base ?? report.base,
    sessionId: report.sessionId ?? work.sessionId,
    sessionText: report.sessionText ?? work.sessionText,
    summary: report.summary ?? work.summary,
    repliesTaken: takenWith(work, report.lastReply),
  };
}

const takenWith = ({ replies, repliesTaken }: TaskWork, heard: number) =>
  Math.min(replies, Math.max(repliesTaken, heard));

/** A task that ended needs no answer any more. */
function questionAfter(
  question: Question,
  { run }: RunState,
  { done, end }: { done: boolean; end: RunEnd },
): Question[] {
  if (question.status === 'open') return done ? [{ ...question, status: 'closed' }] : [];
  return done || wasHeard(question, run, end) ? [{ ...question, isTold: true }] : [];
}

/**
 * What was answered before a run began was told to it at once; if it got as far as an answer of the model and could
 * report, it has heard it. Of a run that was lost nobody knows, so the next one is told again.
 */
function wasHeard({ run: asker, answeredAt }: Question, run: Run | null, { report }: RunEnd): boolean {
  if (run === null || report === undefined || report.totals.turns === 0) return false;
  return asker < run.number && answeredAt !== null && answeredAt <= run.startedAt;
}
