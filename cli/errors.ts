/** Every expected failure of the client. What it means for a script stands in `exit-code.ts`. */

export interface FailureFacts {
  /** What to do now, as a sentence. */
  readonly hint?: string | undefined;
  readonly details?: unknown;
  /** HTTP status, where the server said no. */
  readonly status?: number | undefined;
  /** Athena itself said this, not something on the way to it. */
  readonly isAnswer?: boolean | undefined;
  /** Nobody of Athena was heard: something on the way to it spoke, or could not be trusted. */
  readonly isForeign?: boolean | undefined;
  /** The same request may succeed later. */
  readonly isTransient?: boolean | undefined;
  /** Nothing came back in time; whether the server is there is not known. */
  readonly isTimeout?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** `code` is the server's word (`lease_lost`) or one of ours (`usage`, `unreachable`, ...). */
export class ClientError extends Error {
  readonly code: string;
  readonly facts: FailureFacts;

  constructor(code: string, message: string, facts: FailureFacts = {}) {
    super(message);
    this.name = 'ClientError';
    this.code = code;
    this.facts = facts;
  }

  /** The worker is a program of its own with its own copy of this class: what either of them throws is one kind. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'ClientError';
  }

  withHint(hint: string): ClientError {
    return new ClientError(this.code, this.message, { ...this.facts, hint });
  }
}

/** Only Athena's own word is; what is on the way to it says other things today and tomorrow. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof ClientError)) return true;
  return error.facts.isTransient !== true && error.facts.isForeign !== true;
}

export function usageError(message: string, hint?: string): ClientError {
  return new ClientError('usage', message, { hint });
}

/** A system error's code such as `ENOENT`, whatever was thrown. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
