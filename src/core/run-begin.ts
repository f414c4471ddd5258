/**
 * The beginning of a run: what is kept of it, and all that its worker needs to go on where others stopped. A claim
 * whose answer never arrived takes its run back, and the next one gets the same number.
 */
import { branchOf } from './branch.ts';
import type { Granted } from './grants.ts';
import type { Question, Reply } from './question.ts';
import { NO_TOTALS, type Run, type RunTotals } from './run.ts';
import { newWork, sumOf, type Attachment, type RunNeeds, type RunSaves, type RunState } from './run-state.ts';
import { personOf, type Task } from './task.ts';

/** What a worker is told with its claim. */
export interface RunStart {
  readonly number: number;
  readonly branch: string;
  readonly base: string | null;
  readonly sessionId: string | null;
  readonly sessionText: string | null;
  readonly hasTranscript: boolean;
  readonly summary: string | null;
  /** By all earlier runs. */
  readonly spent: RunTotals;
  readonly grants: number;
  readonly granted: Granted;
  readonly isFinishing: boolean;
  readonly rules: readonly string[];
  /** The last reply that earlier runs have taken in. */
  readonly repliesTaken: number;
  readonly replies: readonly Reply[];
  /** Answered while nobody ran. */
  readonly answers: readonly Question[];
  readonly attachments: readonly Attachment[];
}

export interface Beginning {
  readonly task: Task;
  readonly leaseId: string;
  readonly instanceId: string;
  readonly account: string | null;
  readonly hasTranscript: boolean;
  readonly now: Date;
}

export function beginRun(by: Beginning, needs: RunNeeds): { saves: RunSaves; start: RunStart } {
  const { task } = by;
  const { state } = needs;
  const known = state?.work ?? newWork(task.id, '');
  const branch = known.branch === '' ? branchOf(task.id, task.description) : known.branch;
  const work = { ...known, branch, runs: known.runs + 1, activity: null };
  const start: RunStart = {
    number: work.runs,
    branch: work.branch,
    base: work.base,
    sessionId: work.sessionId,
    sessionText: work.sessionText,
    hasTranscript: by.hasTranscript,
    summary: work.summary,
    spent: state === null ? NO_TOTALS : sumOf(state.others, state.run?.totals ?? NO_TOTALS),
    grants: work.grants,
    granted: work.granted,
    isFinishing: work.isFinishing,
    rules: work.rules,
    repliesTaken: work.repliesTaken,
    replies: needs.replies,
    answers: state?.questions.filter(({ status }) => status === 'answered') ?? [],
    attachments: needs.attachments,
  };
  return { saves: { work, runs: [newRun(by, work.runs)] }, start };
}

function newRun({ task, leaseId, instanceId, account, now }: Beginning, number: number): Run {
  return {
    taskId: task.id,
    number,
    leaseId,
    instanceId,
    account,
    person: personOf(task),
    submittedBy: task.submittedBy,
    project: task.project,
    model: task.model,
    startedAt: now,
    endedAt: null,
    totals: NO_TOTALS,
    messages: 0,
    fault: null,
    isReported: false,
  };
}

/** Nobody was told of it, so it never was; unless it has said something all the same. */
export function undoRun({ work, run }: RunState, now: Date): RunSaves {
  if (run === null) return {};
  const wasHeard = run.messages > 0 || run.number !== work.runs;
  if (wasHeard) return { runs: [{ ...run, endedAt: now }] };
  return { work: { ...work, runs: work.runs - 1 }, undone: run.leaseId };
}
