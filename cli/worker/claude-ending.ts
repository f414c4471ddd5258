/**
 * Why a session ended. The order matters: what we ended ourselves first, then the last result, then how the process
 * went. A failed API call has the subtype `success`, and after an error result an exception follows that says less.
 */
import type { Ending } from './executor.ts';
import type { SdkMessage } from './claude-sdk.ts';
import type { Trouble } from './model-trouble.ts';
import type { Budget } from './settings.ts';

export interface Seen {
  /** What the worker or a person ended it for. */
  readonly cause: Ending | null;
  readonly result: SdkMessage | null;
  /** What the proxy knows about the API's last refusal. */
  readonly trouble: Trouble | null;
  /** What of the task's budget is used up. */
  readonly spent: keyof Budget | null;
  /** There was a process of the session at all. */
  readonly isStarted: boolean;
  /** What came out where no result did. */
  readonly error: string;
}

export function endingOf(seen: Seen): Ending {
  const { cause, result } = seen;
  if (cause !== null) return cause;
  if (result === null) return withoutResult(seen);
  if (result.stop_reason === 'refusal')
    return { kind: 'refused', detail: said(result, 'The model refused.') };
  if (result.is_error !== true && result.subtype === 'success') {
    return { kind: 'done', summary: result.result ?? '' };
  }
  return errorEnding(result, seen);
}

/** What a program says at its end names no culprit: a task can print "ENOENT", too. That it never began does. */
function withoutResult({ error, trouble, isStarted }: Seen): Ending {
  if (!isStarted) return { kind: 'fault', fault: 'binary', detail: error };
  if (trouble !== null) return troubleEnding(trouble);
  return { kind: 'crashed', detail: error === '' ? 'Claude Code ended without a result.' : error };
}

function errorEnding(result: SdkMessage, { trouble, spent }: Seen): Ending {
  const { startup_failure_reason: unstartable } = result;
  if (unstartable !== undefined) return startEnding(unstartable, result);
  if (result.subtype === 'error_max_turns') {
    // The program stops by itself, before the request that would be refused.
    if (spent !== null) return { kind: 'budget', which: spent };
    return { kind: 'refused', detail: `${TOO_MANY_TURNS} ${said(result, '')}`.trim() };
  }
  if (result.subtype === 'error_max_budget_usd') return { kind: 'budget', which: 'costUsd' };
  if (result.subtype === 'success' && trouble !== null) return troubleEnding(trouble);
  return { kind: 'failed', detail: said(result, 'Claude Code ended with an error.') };
}

const TOO_MANY_TURNS = 'The run took all the turns that one run may take (max_turns_per_run).';

/** Nothing was asked yet: no other task would fare better on this machine. */
function startEnding(reason: string, result: SdkMessage): Ending {
  const detail = said(result, `Claude Code did not start (${reason}).`);
  if (reason !== 'sandbox_required_unavailable') return { kind: 'fault', fault: 'binary', detail };
  return { kind: 'fault', fault: 'binary', detail: `${NO_SANDBOX} ${detail}` };
}

const NO_SANDBOX =
  'The project wants "sandbox: true", and this machine has no sandbox: install bubblewrap and socat, then look again with "claude-task-client work setup".';

export function troubleEnding(trouble: Trouble): Ending {
  switch (trouble.kind) {
    case 'quota':
      return { kind: 'quota', until: trouble.until, detail: trouble.detail };
    case 'overload':
      return { kind: 'overload', detail: trouble.detail };
    case 'key':
    case 'billing':
      return { kind: 'fault', fault: trouble.kind, detail: trouble.detail };
  }
}

function said({ result, errors }: SdkMessage, otherwise: string): string {
  const text = (errors ?? []).join('\n').trim();
  return text !== '' ? text : (result ?? '').trim() || otherwise;
}
