/** The one table from a failure to the exit code that scripts read. */
import type { ErrorCode } from '../src/contract/error.ts';
import { ClientError } from './errors.ts';

export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  unauthenticated: 4,
  lost: 5,
  unreachable: 6,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Exhaustive: a new code of the contract does not compile until it has its line here. */
const SERVER_SAYS: Record<ErrorCode, ExitCode> = {
  invalid_input: EXIT.usage,
  not_permitted: EXIT.unauthenticated,
  task_not_found: EXIT.failure,
  task_not_claimable: EXIT.lost,
  lease_lost: EXIT.lost,
  invalid_transition: EXIT.lost,
  idempotency_conflict: EXIT.failure,
  limit_reached: EXIT.failure,
  name_in_use: EXIT.usage,
  unauthenticated: EXIT.unauthenticated,
  not_found: EXIT.failure,
  method_not_allowed: EXIT.failure,
  payload_too_large: EXIT.usage,
  unsupported_media_type: EXIT.failure,
  rate_limited: EXIT.unreachable,
  internal: EXIT.unreachable,
  unavailable: EXIT.unreachable,
};

/** What goes wrong on this side. */
const WE_SAY: Record<string, ExitCode> = {
  usage: EXIT.usage,
  bad_config: EXIT.usage,
  unreachable: EXIT.unreachable,
  bad_answer: EXIT.failure,
  state_folder: EXIT.failure,
  task_cancelled: EXIT.lost,
  interrupted: EXIT.interrupted,
  terminated: EXIT.terminated,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof ClientError)) return EXIT.failure;
  const known: Record<string, ExitCode> = { ...SERVER_SAYS, ...WE_SAY };
  return (Object.hasOwn(known, error.code) ? known[error.code] : undefined) ?? byStatus(error.facts.status);
}

/** A newer server's code, or a proxy that speaks for it: the HTTP status still tells the kind. */
function byStatus(status: number | undefined): ExitCode {
  if (status === undefined) return EXIT.failure;
  if ([401, 403].includes(status)) return EXIT.unauthenticated;
  if (status === 409) return EXIT.lost;
  if ([400, 413, 422].includes(status)) return EXIT.usage;
  return status === 429 || status === 408 || status >= 500 ? EXIT.unreachable : EXIT.failure;
}
