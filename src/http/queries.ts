/** Path and query parameters, checked. Each throws `invalid_input` naming the parameter. */
import type { Context } from 'hono';
import { TASK_STATUSES, TEXT_LIMITS, type TaskStatus } from '../core/vocabulary.ts';
import { DomainError } from '../core/errors.ts';
import { speakerFor } from '../core/key.ts';
import { nameText } from '../contract/primitives.ts';
import type { TaskQuery } from '../core/ports.ts';
import type { HttpEnv } from './env.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const instanceIdText = nameText('instance_id');

export function readTaskId(c: Context<HttpEnv>): number {
  const text = c.req.param('id') ?? '';
  if (!/^0*[1-9]\d*$/.test(text)) throw invalid('The task id must be a positive whole number.');
  const id = Number(text);
  if (Number.isSafeInteger(id)) return id;
  throw new DomainError('task_not_found', 'There is no task with such a large id.');
}

export function readTaskQuery(c: Context<HttpEnv>): TaskQuery {
  return { statuses: readStatuses(c.req.query('status')), ...readPageQuery(c) };
}

export function readPageQuery(c: Context<HttpEnv>): { limit: number; cursor?: string } {
  const cursor = c.req.query('cursor');
  return {
    limit: readLimit(c.req.query('limit')),
    ...(cursor !== undefined && cursor !== '' && { cursor }),
  };
}

/** Throws `not_permitted` as well, for an instance that the key may not speak for. */
export function readInstanceId(c: Context<HttpEnv>): string | undefined {
  const text = c.req.query('instance_id');
  if (text === undefined || text === '') return undefined;
  const parsed = instanceIdText.safeParse(text);
  if (parsed.success) return speakerFor(c.get('key'), parsed.data);
  throw invalid(`instance_id must be 1 to ${TEXT_LIMITS.name} characters without control characters.`);
}

function readStatuses(text: string | undefined): readonly TaskStatus[] {
  if (text === undefined || text === '') return ['pending'];
  if (text === 'all') return TASK_STATUSES;
  const words = text.split(',').map((word) => word.trim());
  if (words.every(isStatus)) return words;
  throw invalid(`status must be one or more of ${TASK_STATUSES.join(', ')}, or all.`);
}

function isStatus(word: string): word is TaskStatus {
  return (TASK_STATUSES as readonly string[]).includes(word);
}

function readLimit(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_LIMIT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalid(`limit must be a whole number from 1 to ${MAX_LIMIT}.`);
}

function invalid(message: string): DomainError {
  return new DomainError('invalid_input', message);
}
