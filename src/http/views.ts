/** Domain to wire. */
import type { AuditEntry } from '../contract/audit.ts';
import type { InstanceView } from '../contract/instance.ts';
import type { Stats } from '../contract/stats.ts';
import type { ByKey, KeyView } from '../contract/key.ts';
import type { LeaseView, LogEntry, TaskView } from '../contract/task.ts';
import type { AdminEvent } from '../core/admin-event.ts';
import type { Claimed } from '../core/claim-use-cases.ts';
import type { TaskEvent } from '../core/event.ts';
import type { InstanceWithWork } from '../core/instance.ts';
import type { Key } from '../core/key.ts';
import type { QueueCounts } from '../core/ports.ts';
import type { Task } from '../core/task.ts';
import type { Worker } from '../core/worker.ts';
import type { WaitingFor } from '../core/waiting-for.ts';
import type { Keyring } from './keyring.ts';

const iso = (date: Date | null) => (date === null ? null : date.toISOString());

/** What a task waits for. */
export type Waits = (task: Task) => WaitingFor | null;

/** `waits` may be left out for a task that is not pending. */
export function toTaskView(task: Task, waits: Waits = () => null): TaskView {
  return {
    id: task.id,
    description: task.description,
    status: task.status,
    priority: task.priority,
    target: task.target,
    instance_id: task.instanceId,
    instance_name: task.instanceName,
    created_at: task.createdAt.toISOString(),
    claimed_at: iso(task.claimedAt),
    completed_at: iso(task.completedAt),
    not_before: iso(task.notBefore),
    notes: task.notes,
    submitted_by: task.submittedBy,
    attempt: task.attempt,
    max_attempts: task.maxAttempts,
    lease_expires_at: iso(task.lease?.expiresAt ?? null),
    updated_at: task.updatedAt.toISOString(),
    error: task.error,
    project: task.project,
    requires: [...task.requires],
    model: task.model,
    max_cost_usd: task.budget.costUsd,
    max_tokens: task.budget.tokens,
    max_turns: task.budget.turns,
    max_minutes: task.budget.minutes,
    waiting_for: toWaitingView(waits(task)),
    result: task.result,
  };
}

export function toTaskViewOrNull(task: Task | null, waits: Waits): TaskView | null {
  return task === null ? null : toTaskView(task, waits);
}

function toWaitingView(waiting: WaitingFor | null): TaskView['waiting_for'] {
  if (waiting === null) return null;
  const { kind, until, detail } = waiting;
  return { kind, ...(until !== null && { until: until.toISOString() }), detail };
}

export function toLeaseView(claimed: Claimed): LeaseView {
  return {
    lease_id: claimed.leaseId,
    expires_at: claimed.expiresAt.toISOString(),
    heartbeat_seconds: claimed.heartbeatSeconds,
  };
}

export function toLogEntry(event: TaskEvent, keyring: Pick<Keyring, 'nameOf'>): LogEntry {
  return {
    id: event.id,
    action: event.action,
    actor: event.actor,
    details: { ...event.details },
    instance_id: event.instanceId,
    key: byKey(event.keyId, keyring),
    timestamp: event.timestamp.toISOString(),
  };
}

export function toAuditEntry(event: AdminEvent, keyring: Pick<Keyring, 'nameOf'>): AuditEntry {
  return {
    id: event.id,
    action: event.action,
    actor: event.actor,
    key: byKey(event.keyId, keyring),
    details: { ...event.details },
    timestamp: event.timestamp.toISOString(),
  };
}

function byKey(id: string | null, { nameOf }: Pick<Keyring, 'nameOf'>): ByKey | null {
  return id === null ? null : { id, name: nameOf(id) };
}

export function toKeyView(key: Key): KeyView {
  return {
    id: key.id,
    name: key.name,
    scope: key.scope,
    instance_id: key.instanceId,
    created_at: key.createdAt.toISOString(),
    last_used_at: iso(key.lastUsedAt),
    revoked_at: iso(key.revokedAt),
  };
}

export function toInstanceView(instance: InstanceWithWork): InstanceView {
  return {
    id: instance.id,
    name: instance.name,
    status: instance.status,
    current_task_id: instance.currentTaskId,
    last_seen: instance.lastSeen.toISOString(),
    ...toWorkerView(instance.worker),
    running: instance.running.map(({ taskId, since }) => ({ task_id: taskId, since: since.toISOString() })),
    held_until: iso(instance.heldUntil),
  };
}

function toWorkerView(worker: Worker | null) {
  if (worker === null) return { projects: [], capabilities: [], concurrency: null, problem: null };
  const { projects, capabilities, concurrency, problem } = worker;
  return { projects: [...projects], capabilities: [...capabilities], concurrency, problem };
}

export function toStats({ counts, oldestPendingAt, queue, instances }: QueueCounts, now: Date): Stats {
  const waited = oldestPendingAt === null ? null : now.getTime() - oldestPendingAt.getTime();
  return {
    ...counts,
    total: Object.values(counts).reduce((sum, n) => sum + n, 0),
    oldest_pending_seconds: waited === null ? null : Math.max(0, Math.floor(waited / 1000)),
    paused: queue.paused,
    instances,
  };
}
