/** How the work of a task stands: what its newest run said of itself, with the sums over all runs. */
import type { RunReport, RunResult, RunTotals } from './run.ts';
import type { RunOutcome } from './vocabulary.ts';

type Facts = Pick<
  RunResult,
  | 'summary'
  | 'branch'
  | 'commit'
  | 'base'
  | 'files_changed'
  | 'insertions'
  | 'deletions'
  | 'session_id'
  | 'model'
>;

const NO_FACTS: Facts = {
  summary: null,
  branch: null,
  commit: null,
  base: null,
  files_changed: null,
  insertions: null,
  deletions: null,
  session_id: null,
  model: null,
};

export interface ResultParts {
  readonly outcome: RunOutcome;
  /** Null: nothing was said, so the facts of before stand. */
  readonly report: RunReport | null;
  readonly before: RunResult | null;
  readonly sums: RunTotals;
}

export function resultOf({ outcome, report, before, sums }: ResultParts): RunResult {
  const facts = report === null ? (before ?? NO_FACTS) : factsOf(report, before ?? NO_FACTS);
  return {
    outcome,
    summary: facts.summary,
    branch: facts.branch,
    commit: facts.commit,
    base: facts.base,
    files_changed: facts.files_changed,
    insertions: facts.insertions,
    deletions: facts.deletions,
    // A millionth of a dollar, so that sums of fractions read as people write them.
    cost_usd: Math.round(sums.costUsd * 1e6) / 1e6,
    cost_estimated: sums.costEstimated,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    turns: sums.turns,
    duration_seconds: Math.round(sums.durationMs) / 1000,
    session_id: facts.session_id,
    model: facts.model,
  };
}

/** A run that delivered nothing leaves what the one before it delivered; one that parks has not finished speaking. */
function factsOf(report: RunReport, before: Facts): Facts {
  const isAsBefore = report.branch === null && report.filesChanged === null;
  const work = isAsBefore ? before : { ...report, files_changed: report.filesChanged };
  const { branch, commit, base, files_changed, insertions, deletions } = work;
  return {
    summary: report.summary ?? (report.outcome === 'parked' ? before.summary : null),
    ...{ branch, commit, base, files_changed, insertions, deletions },
    session_id: report.sessionId ?? before.session_id,
    model: report.model ?? before.model,
  };
}
