/** A small world's evidence, made by hand: what was asked for, and the tables that a faultless server leaves. */
import type { Op, OpKind, Outcome, Wish } from '../../torture/journal.ts';
import type { EventDetails, EventRow, LeaseRow, Tables, TaskRow } from '../../torture/oracle/tables.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Evidence {
  readonly ops: Op[];
  readonly tasks: Mutable<TaskRow>[];
  readonly events: Mutable<EventRow>[];
  readonly leases: Mutable<LeaseRow>[];
  readonly counts: Record<string, number>;
  readonly tables: () => Tables;
  readonly op: (token: string) => Op;
}

/**
 * Task #1 is added (op1), claimed (op2), and completed (op3). Task #2 is added (op4), claimed (op5), given back
 * after a failure (op6), claimed again (op7) and fails for good (op8); a person requeues it (op9).
 */
export function evidence(): Evidence {
  const made: Pick<Evidence, 'ops' | 'tasks' | 'events' | 'leases' | 'counts'> = {
    ops: [
      op('op1', 'add', { actor: 'operator', text: 'op1 first' }, { answeredTask: 1 }),
      op('op2', 'claim', {}, { answeredTask: 1, answeredLease: 'lease-2' }),
      op('op3', 'complete', { taskId: 1, leaseId: 'lease-2' }, { answeredTask: 1 }),
      op('op4', 'add', { actor: 'operator', text: 'op4 second' }, { answeredTask: 2 }),
      op('op5', 'claim', {}, { answeredTask: 2, answeredLease: 'lease-5' }),
      op('op6', 'fail', { taskId: 2, leaseId: 'lease-5' }, { answeredTask: 2 }),
      op('op7', 'claim', {}, { answeredTask: 2, answeredLease: 'lease-7' }),
      op('op8', 'fail', { taskId: 2, leaseId: 'lease-7' }, { answeredTask: 2 }),
      op('op9', 'requeue', { taskId: 2, actor: 'operator' }, { answeredTask: 2 }),
    ],
    tasks: [
      task(1, 'op1 first', { status: 'completed', attempt: 1 }),
      task(2, 'op4 second', { status: 'pending' }),
    ],
    events: [
      event(1, 1, 'created', { description: 'op1 first', priority: 'medium' }, 'operator'),
      event(2, 1, 'claimed', { instance_name: 'mac op2', attempt: 1 }),
      event(3, 1, 'completed', { notes: 'op3 is done' }),
      event(4, 2, 'created', { description: 'op4 second', priority: 'medium' }, 'operator'),
      event(5, 2, 'claimed', { instance_name: 'mac op5', attempt: 1 }),
      event(6, 2, 'retried', { error: 'op6 went wrong' }),
      event(7, 2, 'claimed', { instance_name: 'mac op7', attempt: 2 }),
      event(8, 2, 'failed', { error: 'op8 cannot be done' }),
      event(9, 2, 'requeued', { reason: 'It was failed.' }, 'operator'),
    ],
    leases: [
      lease('lease-2', { task_id: 1, attempt: 1, claimed_at: 2, outcome: 'completed' }),
      lease('lease-5', { task_id: 2, attempt: 1, claimed_at: 5, outcome: 'retried' }),
      lease('lease-7', { task_id: 2, attempt: 2, claimed_at: 7, outcome: 'failed' }),
    ],
    counts: { pending: 1, in_progress: 0, completed: 1, failed: 0, cancelled: 0 },
  };
  return {
    ...made,
    tables: () => ({ ...made, links: [], paused: false, broken: [] }),
    op: (token) => made.ops.find((each) => each.token === token)!,
  };
}

export function op(
  token: string,
  kind: OpKind,
  wish: Partial<Wish> = {},
  answered: Partial<Op> & { outcome?: Outcome } = {},
): Op {
  return {
    token,
    kind,
    via: 'http',
    actor: 'instance:mac',
    sentAt: 0,
    tries: 1,
    outcome: 'acknowledged',
    answeredAt: 1,
    said: '200',
    answeredTask: null,
    answeredLease: null,
    ...wish,
    ...answered,
  };
}

export function event(
  id: number,
  taskId: number,
  action: string,
  details: EventDetails,
  actor = 'instance:mac',
): Mutable<EventRow> {
  return { id, task_id: taskId, action, actor, instance_id: 'mac', timestamp: id, details };
}

function task(id: number, description: string, more: Partial<TaskRow>): Mutable<TaskRow> {
  return {
    id,
    description,
    status: 'pending',
    priority: 'medium',
    attempt: 0,
    max_attempts: 3,
    instance_id: null,
    lease_id: null,
    notes: null,
    origin_ref: null,
    created_by: 'operator',
    ...more,
  };
}

export function lease(id: string, more: Partial<LeaseRow>): Mutable<LeaseRow> {
  return {
    lease_id: id,
    task_id: 1,
    instance_id: 'mac',
    attempt: 1,
    claimed_at: 0,
    ended_at: 9,
    ended_by: 'instance:mac',
    outcome: 'completed',
    ...more,
  };
}
