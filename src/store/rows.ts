/** Rows to domain and back, and nothing else. */
import type { InferSelectModel } from 'drizzle-orm';
import type { EventDetails, NewEvent, TaskEvent } from '../core/event.ts';
import { laneOf, rankOf } from '../core/lanes.ts';
import type { StoredKey } from '../core/key.ts';
import type { Lease } from '../core/lease.ts';
import { isReady, personOf, type Task } from '../core/task.ts';
import type { Actor, EventAction } from '../core/vocabulary.ts';
import type { apiKeys } from './access-schema.ts';
import type { leases, taskLogs, tasks } from './schema.ts';

export type TaskRow = InferSelectModel<typeof tasks>;
type LogRow = InferSelectModel<typeof taskLogs>;
type LeaseRow = InferSelectModel<typeof leases>;
type ApiKeyRow = InferSelectModel<typeof apiKeys>;

const toDate = (ms: number | null) => (ms === null ? null : new Date(ms));
const toMs = (date: Date | null) => (date === null ? null : date.getTime());

export function toTask(row: TaskRow): Task {
  return {
    id: row.id,
    description: row.description,
    status: row.status,
    priority: row.priority,
    target: row.target,
    instanceId: row.instanceId,
    instanceName: row.instanceName,
    lease: liveLeaseOf(row),
    attempt: row.attempt,
    maxAttempts: row.maxAttempts,
    createdAt: new Date(row.createdAt),
    claimedAt: toDate(row.claimedAt),
    completedAt: toDate(row.completedAt),
    notBefore: toDate(row.notBefore),
    updatedAt: new Date(row.updatedAt),
    notes: row.notes,
    error: row.error,
    submittedBy: row.submittedBy,
    createdBy: row.createdBy as Actor,
    origin: originOf(row),
    project: row.project,
    requires: row.requires === '' ? [] : row.requires.split(','),
    model: row.model,
    budget: {
      costUsd: row.maxCostUsd,
      tokens: row.maxTokens,
      turns: row.maxTurns,
      minutes: row.maxMinutes,
    },
    parked: parkedOf(row),
    result: row.result === null ? null : (JSON.parse(row.result) as Task['result']),
  };
}

function parkedOf(row: TaskRow): Task['parked'] {
  if (row.parked === null) return null;
  return { kind: row.parked, until: toDate(row.parkedUntil), detail: row.parkedDetail ?? '' };
}

function liveLeaseOf(row: TaskRow): Task['lease'] {
  if (row.leaseId === null || row.leaseMs === null || row.leaseExpiresAt === null) return null;
  return { leaseId: row.leaseId, lengthMs: row.leaseMs, expiresAt: new Date(row.leaseExpiresAt) };
}

function originOf(row: TaskRow): Task['origin'] {
  if (row.originFrontEnd === null || row.originRef === null) return null;
  return { frontEnd: row.originFrontEnd, ref: row.originRef };
}

/** The columns that a change may write; the others are fixed when the task is made. */
export function toChangedColumns(task: Task) {
  return {
    id: task.id,
    description: task.description,
    status: task.status,
    priority: task.priority,
    rank: rankOf(task.priority),
    ready: isReady(task) ? 1 : 0,
    instanceId: task.instanceId,
    instanceName: task.instanceName,
    ...toLeaseColumns(task),
    attempt: task.attempt,
    claimedAt: toMs(task.claimedAt),
    completedAt: toMs(task.completedAt),
    notBefore: toMs(task.notBefore),
    updatedAt: task.updatedAt.getTime(),
    notes: task.notes,
    error: task.error,
    ...toParkedColumns(task),
    person: personOf(task),
    result: task.result === null ? null : JSON.stringify(task.result),
  };
}

function toLeaseColumns({ lease }: Task) {
  if (lease === null) return { leaseId: null, leaseMs: null, leaseExpiresAt: null };
  return { leaseId: lease.leaseId, leaseMs: lease.lengthMs, leaseExpiresAt: lease.expiresAt.getTime() };
}

function toParkedColumns({ parked }: Task) {
  if (parked === null) return { parked: null, parkedUntil: null, parkedDetail: null };
  return { parked: parked.kind, parkedUntil: toMs(parked.until), parkedDetail: parked.detail };
}

export function toTaskRow(task: Task): TaskRow {
  return {
    ...toChangedColumns(task),
    lane: laneOf(task),
    target: task.target,
    maxAttempts: task.maxAttempts,
    createdAt: task.createdAt.getTime(),
    submittedBy: task.submittedBy,
    createdBy: task.createdBy,
    originFrontEnd: task.origin?.frontEnd ?? null,
    originRef: task.origin?.ref ?? null,
    project: task.project,
    requires: task.requires.join(','),
    model: task.model,
    maxCostUsd: task.budget.costUsd,
    maxTokens: task.budget.tokens,
    maxTurns: task.budget.turns,
    maxMinutes: task.budget.minutes,
  };
}

/** A log row's id orders events by commit: one writer, and ids are never used twice. */
export function toEvent(row: LogRow): TaskEvent {
  return {
    id: row.id,
    position: String(row.id),
    taskId: row.taskId,
    action: row.action as EventAction,
    actor: row.actor as Actor,
    keyId: row.keyId,
    details: JSON.parse(row.details) as EventDetails,
    instanceId: row.instanceId,
    timestamp: new Date(row.timestamp),
  };
}

export function toLogRow(event: NewEvent): Omit<LogRow, 'id'> {
  return {
    taskId: event.taskId,
    action: event.action,
    actor: event.actor,
    details: JSON.stringify(event.details),
    instanceId: event.instanceId,
    keyId: event.keyId,
    timestamp: event.timestamp.getTime(),
  };
}

export function toLease(row: LeaseRow): Lease {
  return {
    ...row,
    claimedAt: new Date(row.claimedAt),
    endedAt: toDate(row.endedAt),
    endedBy: row.endedBy as Actor | null,
  };
}

export function toLeaseRow(lease: Lease): LeaseRow {
  return { ...lease, claimedAt: lease.claimedAt.getTime(), endedAt: toMs(lease.endedAt) };
}

export function toKey(row: ApiKeyRow): StoredKey {
  return {
    ...row,
    createdAt: new Date(row.createdAt),
    lastUsedAt: toDate(row.lastUsedAt),
    revokedAt: toDate(row.revokedAt),
  };
}

export function toKeyRow(key: StoredKey): ApiKeyRow {
  return {
    ...key,
    createdAt: key.createdAt.getTime(),
    lastUsedAt: toMs(key.lastUsedAt),
    revokedAt: toMs(key.revokedAt),
  };
}
