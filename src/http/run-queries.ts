/** Path and query parameters of the calls about runs, checked. Each throws `invalid_input` naming the parameter. */
import type { Context } from 'hono';
import { z } from 'zod';
import { DomainError } from '../core/errors.ts';
import type { UsageKey } from '../core/run-ports.ts';
import type { HttpEnv } from './env.ts';
import { Refusal } from './refusal.ts';

const USAGE_KEYS: readonly UsageKey[] = ['user', 'project', 'model'];

export interface CountRange {
  readonly min: number;
  readonly max: number;
  readonly otherwise: number;
}

export function readCount(c: Context<HttpEnv>, name: string, { min, max, otherwise }: CountRange): number {
  const text = c.req.query(name);
  if (text === undefined || text === '') return otherwise;
  const count = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  if (count >= min && count <= max) return count;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} up` : `from ${min} to ${max}`;
  throw new DomainError('invalid_input', `${name} must be a whole number ${range}.`, { field: name });
}

export function readQuestionId(c: Context<HttpEnv>): number {
  const text = c.req.param('id') ?? '';
  if (!/^0*[1-9]\d*$/.test(text)) {
    throw new DomainError('invalid_input', 'The id of a question must be a positive whole number.');
  }
  const id = Number(text);
  if (Number.isSafeInteger(id)) return id;
  throw new Refusal('not_found', 'There is no question with such a large id.');
}

const Since = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** `month` is where this month began: what is meant without `since`. */
export function readUsageQuery(c: Context<HttpEnv>, month: Date): { since: Date; groupBy: UsageKey[] } {
  return {
    since: readSince(c.req.query('since'), month),
    groupBy: readGroups(c.req.queries('group_by')?.join(',')),
  };
}

function readSince(text: string | undefined, month: Date): Date {
  if (text === undefined || text === '') return month;
  if (Since.safeParse(text).success) return new Date(text);
  throw new DomainError('invalid_input', 'since must be an ISO 8601 time, such as 2026-01-01T00:00:00Z.', {
    field: 'since',
  });
}

function readGroups(text: string | undefined): UsageKey[] {
  if (text === undefined || text === '') return [];
  const words = text.split(',').map((word) => word.trim());
  const known = USAGE_KEYS.filter((key) => words.includes(key));
  if (words.every((word) => (USAGE_KEYS as readonly string[]).includes(word))) return known;
  throw new DomainError('invalid_input', `group_by must be one or more of ${USAGE_KEYS.join(', ')}.`, {
    field: 'group_by',
  });
}
