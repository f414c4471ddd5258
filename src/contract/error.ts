/** The one shape of every refusal. */
import { z } from 'zod';
import type { DomainErrorCode } from '../core/vocabulary.ts';

/** Refusals that only a server makes, beside those of the core. */
export const SERVER_ERROR_CODES = [
  'unauthenticated',
  'not_found',
  'method_not_allowed',
  'payload_too_large',
  'unsupported_media_type',
  'rate_limited',
  'internal',
  'unavailable',
] as const;
export type ErrorCode = DomainErrorCode | (typeof SERVER_ERROR_CODES)[number];

/** `error` is open text to a reader: a newer server may know more codes. */
export const ErrorBody = z.object({
  error: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
