/** A refusal that only HTTP knows: who asks, what was asked, and how it was sent. */
import type { SERVER_ERROR_CODES } from '../contract/error.ts';

export type ServerErrorCode = (typeof SERVER_ERROR_CODES)[number];

export class Refusal extends Error {
  readonly code: ServerErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ServerErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.headers = headers;
  }
}

export function unauthenticated(message: string): Refusal {
  return new Refusal('unauthenticated', message, { 'www-authenticate': 'Bearer realm="athena"' });
}
