/** From an HTTP answer to a value of the contract, or to the error it stands for. */
import { ErrorBody } from '../src/contract/error.ts';
import { ClientError } from './errors.ts';
import { badAnswer, type HttpAnswer } from './http.ts';
import { parseRetryAfter } from './retry.ts';
import { safeLine } from './text.ts';

interface Schema<T> {
  safeParse(value: unknown): { success: boolean; data?: T };
}

/** The value as it was sent, checked: what a newer server says beyond the contract stays in it. */
export function readAnswer<T>(answer: HttpAnswer, schema: Schema<T>): T {
  const value = parseJson(answer.text);
  if (!schema.safeParse(value).success) {
    throw badAnswer('The server answered, but not in the way Athena does.');
  }
  return value as T;
}

/** Undefined for a success. */
export function refusalOf(answer: HttpAnswer, now: number): ClientError | undefined {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return redirected(answer);
  const retryAfter = headers['retry-after'];
  const retryAfterMs = parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined, now);
  const isTransient = status === 408 || status === 429 || status >= 500;
  const facts = { status, isTransient, ...(isTransient && { retryAfterMs }) };
  const body = ErrorBody.safeParse(parseJson(answer.text));
  if (body.success) {
    const { error, message, details } = body.data;
    return new ClientError(error, message, { ...facts, details, isAnswer: true });
  }
  return withoutBody(status, facts);
}

/** Something between us and Athena spoke in its place. */
function withoutBody(status: number, facts: object): ClientError {
  const message = `Something other than Athena answered with HTTP status ${status}.`;
  const foreign = { ...facts, isForeign: true };
  if (status === 401) return new ClientError('unauthenticated', message, foreign);
  const hint = badAnswer('').facts.hint;
  return new ClientError(status >= 500 ? 'unavailable' : `http_${status}`, message, { ...foreign, hint });
}

function redirected({ status, headers }: HttpAnswer): ClientError {
  const target = headers['location'];
  const where = typeof target === 'string' ? ` to ${safeLine(target).slice(0, 200)}` : '';
  const message = `The server redirects${where} (HTTP status ${status}); the key was not sent there.`;
  const hint = 'Set ATHENA_API_URL to the final address, or run "claude-task-client login" with it.';
  return new ClientError('bad_answer', message, { isForeign: true, hint });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
