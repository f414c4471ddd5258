/** The one table from error code to HTTP status, and the one way an error becomes an answer. */
import type { Context } from 'hono';
import type { ErrorBody, ErrorCode } from '../contract/error.ts';
import { DomainError, TransientError } from '../core/errors.ts';
import { answerJson } from './answers.ts';
import type { HttpEnv } from './env.ts';
import { Refusal } from './refusal.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  not_permitted: 403,
  task_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  task_not_claimable: 409,
  lease_lost: 409,
  invalid_transition: 409,
  idempotency_conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  limit_reached: 429,
  name_in_use: 409,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
};

interface Described {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorBody['details'];
  readonly headers?: Readonly<Record<string, string>>;
}

export function answerError(c: Context<HttpEnv>, error: unknown): Response {
  const described = describe(error);
  const { code, message, details, headers } = described ?? INTERNAL;
  if (described === null) c.var.logger.error({ error, request_id: c.var.requestId }, 'request failed');
  const body: ErrorBody = { error: code, message, ...(details && { details }) };
  return answerJson(c, { status: STATUS[code], body: JSON.stringify(body), leaseId: null }, headers);
}

/** A bug: nothing of it is shown, the request id leads to the log line. */
const INTERNAL: Described = {
  code: 'internal',
  message: 'Something went wrong; the server log has the details.',
};

function describe(error: unknown): Described | null {
  if (error instanceof DomainError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.details && { details: { ...error.details } }),
    };
  }
  if (error instanceof TransientError) {
    const headers = { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))) };
    return { code: 'unavailable', message: `${error.message} Try again later.`, headers };
  }
  if (error instanceof Refusal) return { code: error.code, message: error.message, headers: error.headers };
  return null;
}
