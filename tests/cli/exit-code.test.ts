import { describe, expect, it } from 'vitest';
import { SERVER_ERROR_CODES } from '../../src/contract/error.ts';
import { DOMAIN_ERROR_CODES } from '../../src/core/vocabulary.ts';
import { ClientError } from '../../cli/errors.ts';
import { exitCodeOf } from '../../cli/exit-code.ts';

const TABLE: Record<string, number> = {
  invalid_input: 2,
  not_permitted: 4,
  task_not_found: 1,
  task_not_claimable: 5,
  lease_lost: 5,
  invalid_transition: 5,
  idempotency_conflict: 1,
  limit_reached: 1,
  name_in_use: 2,
  unauthenticated: 4,
  not_found: 1,
  method_not_allowed: 1,
  payload_too_large: 2,
  unsupported_media_type: 1,
  rate_limited: 6,
  internal: 6,
  unavailable: 6,
};

describe('exit codes', () => {
  it.each(Object.entries(TABLE))('%s ends with %i', (code, exit) => {
    expect(exitCodeOf(new ClientError(code, 'No.'))).toBe(exit);
  });

  it('cover every code of the contract', () => {
    expect(Object.keys(TABLE).sort()).toEqual([...DOMAIN_ERROR_CODES, ...SERVER_ERROR_CODES].sort());
  });

  it.each([
    ['usage', 2],
    ['bad_config', 2],
    ['unreachable', 6],
    ['bad_answer', 1],
    ['state_folder', 1],
    ['interrupted', 130],
  ])('our own %s ends with %i', (code, exit) => {
    expect(exitCodeOf(new ClientError(code, 'No.'))).toBe(exit);
  });

  it.each([
    [400, 2],
    [401, 4],
    [403, 4],
    [404, 1],
    [409, 5],
    [429, 6],
    [500, 6],
    [502, 6],
  ])('a code of a newer server with status %i ends with %i', (status, exit) => {
    expect(exitCodeOf(new ClientError('quota_spent', 'No.', { status }))).toBe(exit);
    expect(exitCodeOf(new ClientError('constructor', 'No.', { status }))).toBe(exit);
  });

  it('a bug ends with 1', () => {
    expect(exitCodeOf(new TypeError('oops'))).toBe(1);
  });
});
