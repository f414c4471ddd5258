/**
 * The end of a run: its work delivered or saved, its last words sent, and the one call that says what becomes of the
 * task. When the lease is over, a report is all that the server takes.
 */
import type { ReleaseCause, RunReport } from '../../src/contract/run.ts';
import { cutMiddle } from './cut.ts';
import { lossIn, type LiveRun } from './live-run.ts';
import { orAborted } from './or-aborted.ts';
import { isOffended } from './progress-poster.ts';
import { failDelayMs, overloadDelayMs } from './run-delays.ts';
import { reportOf, type Closing } from './run-report.ts';
import { FOR_EXTRAS, FOR_TEXTS, type Reach } from './worker-api.ts';
import { errorText } from './worker-log.ts';
import type { Verdict } from './verdict.ts';

const LONGEST_ERROR = 4_000;
const LONGEST_REASON = 500;

/** Resolves with what really became of it. */
export async function closeRun(run: LiveRun, closing: Closing): Promise<Verdict> {
  if (await tellEnd(run, closing)) return closing.verdict;
  const cause = run.stopper.cause();
  const gone = { kind: 'gone', reason: cause?.kind === 'lost' ? cause.reason : 'lost' } as const;
  await reportLate(run, { ...closing, verdict: gone });
  return gone;
}

/** False: the lease is over. */
async function tellEnd(run: LiveRun, closing: Closing): Promise<boolean> {
  const { stopper, kit, lease } = run;
  if (stopper.lost.aborted || closing.verdict.kind === 'gone') return false;
  try {
    await orAborted(run.poster.flush(), kit.hurry);
    run.unwatch();
    if (stopper.cause()?.kind === 'lost') return false;
    await sendInTime(run, closing);
    return true;
  } catch (error) {
    const reason = lossIn(error);
    if (reason !== undefined) lease.lost(reason);
    else if (stopper.cause()?.kind !== 'lost') throw error;
    return false;
  }
}

/** A loss that is heard meanwhile may be this very end: so long its own answer is waited for. */
const OWN_ANSWER_MS = 30_000;

async function sendInTime(run: LiveRun, closing: Closing): Promise<void> {
  const { stopper, kit } = run;
  const over = new AbortController();
  let callOff = () => {};
  const heard = () => {
    callOff = kit.clock.after(OWN_ANSWER_MS, () => {
      over.abort();
    });
  };
  stopper.lost.addEventListener('abort', heard);
  try {
    const reach = { signal: over.signal, patience: FOR_TEXTS };
    const told = { report: reportOf(run, closing), isPlain: false };
    await inOtherWords(told, (words) => send(run, closing.verdict, { ...words, reach }));
  } finally {
    stopper.lost.removeEventListener('abort', heard);
    callOff();
  }
}

interface Words {
  readonly report: RunReport;
  /** Without a word of the run: one of them may have been what was refused. */
  readonly isPlain: boolean;
}

/** The end matters more than what is said of it. */
async function inOtherWords(words: Words, say: (words: Words) => Promise<unknown>): Promise<void> {
  try {
    await say(words);
  } catch (error) {
    if (!isOffended(error)) throw error;
    await say({ report: { ...words.report, summary: UNTAKEN }, isPlain: true });
  }
}

const UNTAKEN = 'What the run said at its end was not taken.';

interface Sending extends Words {
  readonly reach: Reach;
}

async function send(run: LiveRun, verdict: Verdict, { report, isPlain, reach }: Sending): Promise<void> {
  const { claim, kit } = run;
  const id = claim.task.id;
  const body = { instance_id: kit.settings.name, lease_id: claim.lease.lease_id, report };
  const said = (text: string, longest: number) => (isPlain ? '' : cutMiddle(kit.redact(text), longest));
  if (verdict.kind === 'complete') await kit.api.complete(id, body, reach);
  else if (verdict.kind === 'fail') {
    const retryMs = failDelayMs(claim.task.attempt, kit.random());
    const error = said(verdict.error, LONGEST_ERROR) || 'The run failed.';
    const again = verdict.isFinal ? { retry: false } : { retry: true, retry_in_seconds: seconds(retryMs) };
    await kit.api.fail(id, { ...body, error, ...again }, reach);
  } else if (verdict.kind !== 'gone') {
    const how = releaseOf(verdict, kit.random());
    const reason = said(how.reason, LONGEST_REASON);
    const wait = { retry_in_seconds: seconds(how.delayMs) };
    await kit.api.release(
      id,
      { ...body, cause: how.cause, ...(reason !== '' && { reason }), ...wait },
      reach,
    );
  }
}

const seconds = (ms: number) => Math.round(ms / 1000);

type Releasing = Exclude<Verdict, { kind: 'complete' | 'fail' | 'gone' }>;

interface How {
  readonly cause: ReleaseCause;
  readonly reason: string;
  readonly delayMs: number;
}

const STOPPED = 'The worker was stopped; the work is saved.';

function releaseOf(verdict: Releasing, random: number): How {
  const parked = (
    waits_for: 'answer' | 'quota' | 'budget',
    reason: string,
    until: Date | null = null,
  ): How => ({
    cause: { kind: 'parked', waits_for, until: until?.toISOString() ?? null },
    reason,
    delayMs: 0,
  });
  switch (verdict.kind) {
    case 'answer':
      return parked('answer', '');
    case 'budget':
      return parked('budget', '');
    case 'quota':
      return parked('quota', verdict.reason, verdict.until);
    case 'overload':
      return { cause: { kind: 'overload' }, reason: verdict.reason, delayMs: overloadDelayMs(random) };
    case 'fault':
      return { cause: { kind: 'fault', fault: verdict.fault }, reason: verdict.reason, delayMs: 0 };
    case 'stopping':
      return { cause: { kind: 'stopping' }, reason: verdict.reason ?? STOPPED, delayMs: 0 };
  }
}

async function reportLate(run: LiveRun, closing: Closing): Promise<void> {
  const { claim, kit, poster } = run;
  poster.stop();
  const reach = { signal: kit.hurry, patience: FOR_EXTRAS };
  const told = { report: reportOf(run, closing), isPlain: false };
  try {
    await inOtherWords(told, ({ report, isPlain }) => {
      const { first, messages } = poster.unsent();
      const body = { lease_id: claim.lease.lease_id, report, first, messages: isPlain ? [] : messages };
      return kit.api.postReport(claim.task.id, body, reach);
    });
  } catch (error) {
    kit.log.warn('the closing report was not taken', { task_id: claim.task.id, error: errorText(error) });
  }
}
