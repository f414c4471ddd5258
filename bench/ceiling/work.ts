/**
 * What claiming and completing do to the rows, written as bare as it gets: prepared statements, no
 * domain, no validation. The rows come out as the real server writes them: task, event, lease, sign of
 * life, and the counters by trigger.
 */
import { randomUUID } from 'node:crypto';
import type Database from 'better-sqlite3';

interface TaskRow {
  readonly id: number;
  readonly description: string;
  readonly status: string;
  readonly priority: string;
  readonly rank: number;
  readonly target: string | null;
  readonly instance_id: string | null;
  readonly instance_name: string | null;
  readonly lease_id: string | null;
  readonly lease_ms: number | null;
  readonly lease_expires_at: number | null;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly created_at: number;
  readonly claimed_at: number | null;
  readonly completed_at: number | null;
  readonly not_before: number | null;
  readonly updated_at: number;
  readonly notes: string | null;
  readonly error: string | null;
  readonly submitted_by: string | null;
  readonly created_by: string;
}

export interface ClaimBody {
  readonly instance_id: string;
}

export interface CompleteBody {
  readonly instance_id: string;
  readonly lease_id: string;
  readonly notes: string;
}

const LEASE_MS = 7_200_000;

function prepare(db: Database.Database) {
  const head = db.prepare<[string], TaskRow>(
    `SELECT * FROM tasks INDEXED BY tasks_ready WHERE status = 'pending' AND ready = 1 AND lane = ? ORDER BY rank, id LIMIT 1`,
  );
  return {
    queue: db.prepare<[], { paused: number }>('SELECT * FROM queue_state WHERE id = 1'),
    instance: db.prepare<[string], { name: string }>('SELECT * FROM instances WHERE id = ?'),
    byId: db.prepare<[number], TaskRow>('SELECT * FROM tasks WHERE id = ?'),
    lease: db.prepare<[string]>('SELECT * FROM leases WHERE lease_id = ?'),
    claim: db.prepare(
      `UPDATE tasks SET status = 'in_progress', ready = 0, instance_id = ?, instance_name = ?, lease_id = ?, lease_ms = ?, lease_expires_at = ?,
         attempt = ?, claimed_at = ?, updated_at = ? WHERE id = ? AND status = 'pending' AND lease_id IS NULL`,
    ),
    complete: db.prepare(
      `UPDATE tasks SET status = 'completed', lease_id = NULL, lease_ms = NULL, lease_expires_at = NULL, completed_at = ?,
         updated_at = ?, notes = ?, error = NULL WHERE id = ? AND status = 'in_progress' AND lease_id = ?`,
    ),
    event: db.prepare(
      'INSERT INTO task_logs (task_id, action, actor, details, instance_id, timestamp) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    startLease: db.prepare(
      'INSERT INTO leases (lease_id, task_id, instance_id, attempt, length_ms, claimed_at) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    endLease: db.prepare(
      "UPDATE leases SET ended_at = ?, ended_by = ?, outcome = 'completed' WHERE lease_id = ? AND ended_at IS NULL",
    ),
    seen: db.prepare(
      `INSERT INTO instances (id, name, last_seen) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)`,
    ),
    /** The head of the open lane or of the instance's own, whichever comes first. */
    next(instanceId: string): TaskRow | undefined {
      const open = head.get('any');
      const own = head.get(`to:${instanceId}`);
      if (open === undefined || own === undefined) return open ?? own;
      return own.rank < open.rank || (own.rank === open.rank && own.id < open.id) ? own : open;
    },
  };
}

/** Each runs inside a transaction that the caller began, and returns the answer's body. */
export function createCeilingWork(db: Database.Database) {
  const sql = prepare(db);
  return {
    claim({ instance_id: by }: ClaimBody): string {
      const task = sql.next(by);
      const name = sql.instance.get(by)?.name ?? by;
      const now = Date.now();
      if (task === undefined || sql.queue.get()?.paused === 1) {
        sql.seen.run(by, name, now);
        return '{"task":null}';
      }
      const leaseId = randomUUID();
      const attempt = task.attempt + 1;
      const expires = now + LEASE_MS;
      const { changes } = sql.claim.run(by, name, leaseId, LEASE_MS, expires, attempt, now, now, task.id);
      if (changes !== 1) throw new Error('claimed twice');
      const details = {
        title: task.description,
        submitted_by: task.submitted_by,
        submitter: task.created_by,
        instance_name: name,
        attempt,
        max_attempts: task.max_attempts,
      };
      sql.event.run(task.id, 'claimed', `instance:${by}`, JSON.stringify(details), by, now);
      sql.startLease.run(leaseId, task.id, by, attempt, LEASE_MS, now);
      sql.seen.run(by, name, now);
      const after: TaskRow = {
        ...task,
        status: 'in_progress',
        instance_id: by,
        instance_name: name,
        lease_id: leaseId,
        lease_expires_at: expires,
        attempt,
        claimed_at: now,
        updated_at: now,
      };
      const lease = { lease_id: leaseId, expires_at: iso(expires), heartbeat_seconds: 60 };
      return JSON.stringify({ status: after.status, task: toView(after), lease });
    },

    complete(id: number, { instance_id: by, lease_id: leaseId, notes }: CompleteBody): string {
      const task = sql.byId.get(id);
      sql.lease.get(leaseId);
      if (task === undefined) throw new Error('no such task');
      const next = sql.next(by);
      const now = Date.now();
      const { changes } = sql.complete.run(now, now, notes, id, leaseId);
      if (changes !== 1) throw new Error('the lease is lost');
      const details = {
        title: task.description,
        submitted_by: task.submitted_by,
        submitter: task.created_by,
        instance_name: task.instance_name,
        notes,
        next_task: next && { id: next.id, title: next.description },
        duration_ms: now - (task.claimed_at ?? now),
      };
      sql.event.run(id, 'completed', `instance:${by}`, JSON.stringify(details), by, now);
      sql.endLease.run(now, `instance:${by}`, leaseId);
      sql.seen.run(by, by, now);
      const after: TaskRow = {
        ...task,
        status: 'completed',
        lease_expires_at: null,
        completed_at: now,
        updated_at: now,
        notes,
      };
      const body = {
        status: after.status,
        task: toView(after),
        next_task: next === undefined ? null : toView(next),
      };
      return JSON.stringify(body);
    },
  };
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function toView(task: TaskRow) {
  return {
    id: task.id,
    description: task.description,
    status: task.status,
    priority: task.priority,
    target: task.target,
    instance_id: task.instance_id,
    instance_name: task.instance_name,
    created_at: iso(task.created_at),
    claimed_at: iso(task.claimed_at),
    completed_at: iso(task.completed_at),
    not_before: iso(task.not_before),
    notes: task.notes,
    submitted_by: task.submitted_by,
    attempt: task.attempt,
    max_attempts: task.max_attempts,
    lease_expires_at: iso(task.lease_expires_at),
    updated_at: iso(task.updated_at),
    error: task.error,
  };
}
