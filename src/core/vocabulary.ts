/**
 * The words of the domain, each written down once. The wire (`contract`), the database and every
 * front end use exactly these; a new word starts here.
 */

export const TASK_STATUSES = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const FINISHED_STATUSES = ['completed', 'failed', 'cancelled'] as const satisfies TaskStatus[];

export const PRIORITIES = ['high', 'medium', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

export type InstanceStatus = 'idle' | 'working' | 'offline';

/** Past-tense facts about a task, as the audit trail names them (an event is `task.<action>`). */
export const EVENT_ACTIONS = [
  'created',
  'edited',
  'claimed',
  'released',
  'completed',
  'failed',
  'retried',
  'expired',
  'requeued',
  'cancelled',
  'priority_changed',
  'notes_updated',
  'replied',
] as const;
export type EventAction = (typeof EVENT_ACTIONS)[number];

/** Past-tense facts about the queue as a whole and its keys, as the admin trail names them. */
export const ADMIN_ACTIONS = ['queue_paused', 'queue_resumed', 'key_added', 'key_revoked'] as const;
export type AdminAction = (typeof ADMIN_ACTIONS)[number];

/** How a lease ended. `undelivered`: its claim's answer never reached the claimant. */
export const LEASE_OUTCOMES = [
  'completed',
  'failed',
  'retried',
  'released',
  'expired',
  'cancelled',
  'undelivered',
] as const;
export type LeaseOutcome = (typeof LEASE_OUTCOMES)[number];

/**
 * What a key may do. Each of `submit`, `worker` and `admin` may read as well; `submit` adds tasks and changes
 * them, `worker` claims tasks and ends its own, `admin` may do everything, keys and the queue's switch included.
 */
export const KEY_SCOPES = ['read', 'submit', 'worker', 'admin'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** The expected refusals of the core. Each edge has one exhaustive table over them. */
export const DOMAIN_ERROR_CODES = [
  'invalid_input',
  'not_permitted',
  'task_not_found',
  'task_not_claimable',
  'lease_lost',
  'invalid_transition',
  'idempotency_conflict',
  'limit_reached',
  'name_in_use',
] as const;
export type DomainErrorCode = (typeof DOMAIN_ERROR_CODES)[number];

/** What a run of a worker reports, in the order in which it happened. The server itself adds questions and results. */
export const MESSAGE_KINDS = ['text', 'tool', 'notice', 'question', 'result'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

export const QUESTION_KINDS = ['permission', 'choice', 'text'] as const;
export type QuestionKind = (typeof QUESTION_KINDS)[number];

/** `closed`: the task ended, its run went on without an answer, or a new one asked again. */
export const QUESTION_STATUSES = ['open', 'answered', 'closed'] as const;
export type QuestionStatus = (typeof QUESTION_STATUSES)[number];

/** How the work of a task stands after its newest run. */
export const RUN_OUTCOMES = ['done', 'no_changes', 'budget', 'failed', 'cancelled', 'parked'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** What a parked task waits for; `limit` is one of its person's. */
export const PARKINGS = ['answer', 'quota', 'budget', 'limit'] as const;
export type Parking = (typeof PARKINGS)[number];

/** Why a pending task cannot start now, in the order in which a reason counts. */
export const WAITING_KINDS = [
  'paused',
  'not_before',
  'answer',
  'quota',
  'budget',
  'limit',
  'target',
  'no_worker',
  'busy',
] as const;
export type WaitingKind = (typeof WAITING_KINDS)[number];

/** What a task may use over its whole life, each with a limit of its own. */
export const BUDGETS = ['cost_usd', 'tokens', 'turns', 'minutes'] as const;
export type Budget = (typeof BUDGETS)[number];

/** What may be wrong with a machine, so that no other task would fare better on it. */
export const FAULTS = ['key', 'billing', 'model', 'disk', 'binary', 'repository', 'push'] as const;
export type Fault = (typeof FAULTS)[number];

/** Longest texts, in UTF-16 units (what `String.length` counts). */
export const TEXT_LIMITS = {
  description: 4000,
  error: 4000,
  notes: 16_000,
  reason: 500,
  name: 100,
  message: 16_000,
  reply: 4000,
  question: 4000,
  summary: 4000,
} as const;

/** Who caused an event. `operator` is a call that names no instance; `system` is Athena itself. */
export type Actor = 'operator' | 'system' | `discord:${string}` | `instance:${string}`;
