/** What a run says of itself at its end: how it ended, where its work lies, and what it has used. */
import type { RunReport } from '../../src/contract/run.ts';
import { titleOf } from '../text.ts';
import type { Claim } from './claim.ts';
import { cutMiddle, headOf } from './cut.ts';
import type { Delivered } from './delivery.ts';
import type { LiveRun } from './live-run.ts';
import type { Verdict } from './verdict.ts';

export interface Closing {
  readonly verdict: Verdict;
  /** Null: the work was saved and not delivered, or there is none. */
  readonly delivered: Delivered | null;
}

const LONGEST_SUMMARY = 4_000;
const LONGEST_SUBJECT = 72;
const UNFINISHED = 'The work on the branch is unfinished.';
const KEPT = 'The work is kept on the worker, in ';

export function reportOf(run: LiveRun, { verdict, delivered }: Closing): RunReport {
  const { claim, project, watcher, kit } = run;
  const summary = cutMiddle(kit.redact(summaryOf(run, { verdict, delivered })), LONGEST_SUMMARY);
  return {
    outcome: outcomeOf(verdict, delivered),
    // Nothing to say leaves what the run before has said.
    summary: summary === '' ? null : summary,
    ...whereOf(delivered, verdict.kind === 'gone'),
    session_id: watcher.sessionId() ?? claim.run.session_id,
    ...(watcher.sessionText() !== null && { session_text: watcher.sessionText() }),
    model: claim.task.model ?? project.model,
    totals: watcher.totalsBody(),
    last_reply: watcher.lastReply(),
  };
}

/** A branch that the repository did not take is not there: what is, is what was there before. */
export function whereOf(delivered: Delivered | null, isGone: boolean): Partial<RunReport> {
  if (delivered === null) return {};
  const { branch, commit, base, insertions, deletions, how, fault } = delivered;
  if (how === 'kept' && (fault !== null || isGone)) return { commit, base };
  return { branch, commit, base, files_changed: delivered.filesChanged, insertions, deletions };
}

const OUTCOMES: Readonly<Record<Exclude<Verdict['kind'], 'complete' | 'gone'>, RunReport['outcome']>> = {
  answer: 'parked',
  budget: 'parked',
  quota: 'parked',
  stopping: 'parked',
  fail: 'failed',
  overload: 'failed',
  fault: 'failed',
};

function outcomeOf(verdict: Verdict, delivered: Delivered | null): RunReport['outcome'] {
  if (verdict.kind === 'gone') return verdict.reason === 'cancelled' ? 'cancelled' : 'failed';
  if (verdict.kind !== 'complete') return OUTCOMES[verdict.kind];
  const isNothing = verdict.outcome === 'done' && delivered?.branch == null;
  return isNothing ? 'no_changes' : verdict.outcome;
}

function summaryOf(run: LiveRun, { verdict, delivered }: Closing): string {
  const words = verdict.kind === 'budget' ? lastWordsOf(run) : wordsOf(verdict);
  const lines = delivered === null ? [] : deliveryLines(verdict, delivered);
  // What only delivers says once more what the run before it said, that included.
  const said = [words, ...lines.filter((line) => !words.includes(line))];
  return said.filter((text) => text.trim() !== '').join('\n\n');
}

/** People may leave it at what is there: then these words tell what that is. */
function lastWordsOf({ watcher, claim }: LiveRun): string {
  return watcher.lastWords() === '' ? wordsBefore(claim) : watcher.lastWords();
}

/** What the run before this one said at its end, as words of a run that only delivers it: where its work lay is past. */
function wordsBefore({ run }: Claim): string {
  const parts = (run.summary ?? '').split('\n\n');
  return parts
    .filter((part) => part !== UNFINISHED && !part.startsWith(KEPT))
    .join('\n\n')
    .trim();
}

/** Of a run that only delivers what is there, as people decided. */
export function wordsFinished(claim: Claim): string {
  const words = wordsBefore(claim);
  return words === '' ? 'Its budget was used up before it had said anything; this is what was there.' : words;
}

function deliveryLines(verdict: Verdict, { branch, bundle, fault, notices }: Delivered): string[] {
  const why = fault?.plain ?? 'this project is not pushed ("push: false").';
  return [
    ...(verdict.kind !== 'complete' && branch !== null ? [UNFINISHED] : []),
    ...(bundle === null ? [] : [`${KEPT}${bundle}: ${why}`]),
    ...notices,
  ];
}

function wordsOf(verdict: Verdict): string {
  if (verdict.kind === 'complete') return verdict.summary;
  if (verdict.kind === 'fail') return verdict.error;
  if (verdict.kind === 'gone') {
    return verdict.reason === 'cancelled' ? 'Cancelled.' : `The lease was lost (${verdict.reason}).`;
  }
  if (verdict.kind === 'fault') return verdict.plain ?? verdict.reason;
  return 'reason' in verdict ? (verdict.reason ?? '') : '';
}

/** First line of the worker's commit. */
export function subjectOf(description: string): string {
  const title = titleOf(description);
  return title.length <= LONGEST_SUBJECT ? title : `${headOf(title, LONGEST_SUBJECT - 1)}…`;
}
