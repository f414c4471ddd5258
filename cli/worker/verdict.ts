/**
 * What the end of a run means for its task. What the worker itself ended it for comes first, then how the executor saw
 * it end. The table is that of the contract.
 */
import { codeOf } from '../errors.ts';
import type { Ending } from './executor.ts';
import { GitError } from './git-fault.ts';
import type { Budget } from './settings.ts';
import type { StopCause } from './stop-cause.ts';

export type Fault = 'key' | 'billing' | 'model' | 'disk' | 'binary' | 'repository' | 'push';

export type Verdict =
  | { readonly kind: 'complete'; readonly outcome: 'done' | 'budget'; readonly summary: string }
  | { readonly kind: 'fail'; readonly error: string; readonly isFinal: boolean }
  | { readonly kind: 'answer' }
  | { readonly kind: 'budget'; readonly which: keyof Budget }
  | { readonly kind: 'quota'; readonly until: Date; readonly reason: string }
  | { readonly kind: 'overload'; readonly reason: string }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly reason: string; readonly plain?: string }
  /** Given back for somebody else, or for later. */
  | { readonly kind: 'stopping'; readonly reason?: string }
  /** The lease is over: nothing of the task may be changed any more. */
  | { readonly kind: 'gone'; readonly reason: string };

export function verdictOf(cause: StopCause | null, ending: Ending): Verdict {
  if (cause?.kind === 'lost') return { kind: 'gone', reason: cause.reason };
  if (ending.kind === 'stopped') return stopped(cause);
  return ending.kind === 'daily' ? DAILY_VERDICT : ofEnding(ending);
}

/** Whoever ends in the last moment by itself has ended by itself. */
function stopped(cause: StopCause | null): Verdict {
  return cause?.kind === 'minutes' ? { kind: 'budget', which: 'minutes' } : { kind: 'stopping' };
}

/** The task itself may go on, elsewhere or tomorrow. */
export const DAILY_VERDICT: Verdict = {
  kind: 'stopping',
  reason: 'The daily limit of this worker is reached; what was done so far is saved.',
};

function ofEnding(ending: Exclude<Ending, { kind: 'stopped' | 'daily' }>): Verdict {
  switch (ending.kind) {
    case 'done':
      return { kind: 'complete', outcome: 'done', summary: ending.summary };
    case 'parked':
      return { kind: 'answer' };
    case 'budget':
      return { kind: 'budget', which: ending.which };
    case 'quota':
      return { kind: 'quota', until: ending.until, reason: ending.detail };
    case 'overload':
      return { kind: 'overload', reason: ending.detail };
    case 'failed':
    case 'crashed':
      return { kind: 'fail', error: ending.detail, isFinal: false };
    case 'refused':
      return { kind: 'fail', error: ending.detail, isFinal: true };
    case 'fault':
      return { kind: 'fault', fault: ending.fault, reason: ending.detail };
  }
}

/**
 * Ended for good, for this attempt, or at a budget, where people may leave it at that: then the work is delivered. Else
 * it is saved for the run that goes on with it.
 */
export function isDelivered({ kind }: Verdict): boolean {
  return kind === 'complete' || kind === 'fail' || kind === 'budget' || kind === 'gone';
}

/** Git could not do what a run needs: no other task of this project would fare better here. */
export function gitVerdict({ kind, message, plain }: GitError, doing: 'repository' | 'push'): Verdict {
  return {
    kind: 'fault',
    fault: kind === 'disk' ? 'disk' : kind === 'unreachable' ? 'repository' : doing,
    reason: message,
    plain,
  };
}

/** A run is not done while its work lies on this machine alone, against the project's wish. */
export function afterDelivery(verdict: Verdict, fault: GitError | null, isHurried = false): Verdict {
  if (verdict.kind !== 'complete' || fault === null) return verdict;
  // The push was ended with the worker: nothing is wrong with either.
  return isHurried ? { kind: 'stopping' } : gitVerdict(fault, 'push');
}

/** Nothing of the run was there yet: what failed has to do with the machine and the repository, not with the task. */
export function unlaidVerdict(cause: StopCause | null, error: unknown): Verdict {
  if (cause !== null) return verdictOf(cause, { kind: 'stopped' });
  if (error instanceof GitError) return gitVerdict(error, 'repository');
  if (codeOf(error) === '') return brokenVerdict(error);
  return { kind: 'fault', fault: 'disk', reason: textOf(error) };
}

const DISK_ERRORS = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM'];

/** Something that nobody expected: of the machine where its disk says so, else of the attempt. */
export function brokenVerdict(error: unknown): Verdict {
  if (DISK_ERRORS.includes(codeOf(error))) return { kind: 'fault', fault: 'disk', reason: textOf(error) };
  return { kind: 'fail', error: textOf(error), isFinal: false };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
