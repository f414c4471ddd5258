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
  /** The session has told of itself, or asked the model for something. */
  readonly hasBegun: boolean;
  /** The task itself named the model. */
  readonly isNamed: boolean;
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
function withoutResult({ error, trouble, hasBegun, isNamed }: Seen): Ending {
  const why = error === '' ? 'Claude Code ended without a result.' : error;
  if (!hasBegun) return { kind: 'fault', fault: 'binary', detail: `Claude Code does not start: ${why}` };
  if (trouble !== null) return troubleEnding(trouble, isNamed);
  return { kind: 'crashed', detail: why };
}

function errorEnding(result: SdkMessage, { trouble, spent, isNamed }: Seen): Ending {
  const { startup_failure_reason: unstartable } = result;
  if (unstartable !== undefined) return startEnding(unstartable, result);
  if (result.subtype === 'error_max_turns') {
    // The program stops by itself, before the request that would be refused.
    if (spent !== null) return { kind: 'budget', which: spent };
    return { kind: 'refused', detail: `${TOO_MANY_TURNS} ${said(result, '')}`.trim() };
  }
  if (result.subtype === 'error_max_budget_usd') return { kind: 'budget', which: 'costUsd' };
  if (result.subtype === 'success' && trouble !== null) return troubleEnding(trouble, isNamed);
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

/** Named: by the task itself. */
export function troubleEnding(trouble: Trouble, isNamed = false): Ending {
  const { detail } = trouble;
  switch (trouble.kind) {
    case 'quota':
      return { kind: 'quota', until: trouble.until, detail };
    case 'overload':
      return { kind: 'overload', detail };
    case 'length':
      return { kind: 'failed', detail, isSessionOver: true };
    case 'model':
      return isNamed
        ? { kind: 'refused', detail: `The model that the task names is not there: ${detail}` }
        : { kind: 'fault', fault: 'model', detail };
    case 'key':
    case 'billing':
      return { kind: 'fault', fault: trouble.kind, detail };
  }
}

function said({ result, errors }: SdkMessage, otherwise: string): string {
  const text = (errors ?? []).join('\n').trim();
  return text !== '' ? text : (result ?? '').trim() || otherwise;
}
