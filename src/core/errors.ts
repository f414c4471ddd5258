/**
 * Three kinds of failure, no more: a DomainError is an expected "no" with a name; a TransientError
 * is the world saying "not now"; anything else is a bug and is answered as one, without detail.
 */
import type { DomainErrorCode } from './vocabulary.ts';

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** Message is a whole sentence for people, with the next step where there is one. */
export class DomainError extends Error {
  readonly code: DomainErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor(code: DomainErrorCode, message: string, details?: ErrorDetails) {
    super(message);
    this.name = 'DomainError';
    this.code = code;
    this.details = details;
  }
}

/** Nothing was changed; the same call may succeed after `retryAfterMs`. */
export class TransientError extends Error {
  readonly retryAfterMs: number;

  constructor(message: string, options: { retryAfterMs: number; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'TransientError';
    this.retryAfterMs = options.retryAfterMs;
  }
}
