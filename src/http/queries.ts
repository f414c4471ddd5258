/** Path and query parameters, checked. Each throws `invalid_input` naming the parameter. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { TASK_STATUSES, TEXT_LIMITS, type TaskStatus } from '../core/vocabulary.ts';
import { DomainError } from '../core/errors.ts';
import { speakerFor } from '../core/key.ts';
import { claimantOf, type Claimant } from '../core/lanes.ts';
import * as is from '../contract/primitives.ts';
import type { TaskQuery } from '../core/ports.ts';
import type { HttpEnv } from './env.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const instanceIdText = is.nameText('instance_id');
const projectWords = is.projects;
const capabilityWords = is.capabilities('capabilities', 100);

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

/** What a claim says in its body; an empty word among the projects, or `null`, stands for tasks without one. */
export function readClaimant(c: Context<HttpEnv>): Claimant {
  const projects = wordsOf(c, 'projects')?.map((word) => (word === '' || word === 'null' ? null : word));
  const capabilities = wordsOf(c, 'capabilities')?.filter((word) => word !== '');
  return claimantOf({
    instanceId: readInstanceId(c),
    projects: projects && checked(projectWords, projects),
    capabilities: capabilities && checked(capabilityWords, capabilities),
  });
}

/** Commas between them, or the parameter once for each. */
function wordsOf(c: Context<HttpEnv>, name: string): string[] | undefined {
  return c.req.queries(name)?.flatMap((text) => text.split(',').map((word) => word.trim()));
}

function checked<T>(schema: z.ZodType<T>, value: T): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ message }) => message).join(' '));
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
