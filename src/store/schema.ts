/**
 * The tables, as drizzle sees them. Times are integer milliseconds. STRICT, the triggers that keep the
 * counters and the index hints are written in the migrations by hand: drizzle has no words for them.
 *
 * Of the indexes on `tasks`, none begins with a plain `status`: the planner would prefer it for the
 * claim, which then costs as much as the backlog. Queries on a partial index repeat its condition.
 */
import { sql } from 'drizzle-orm';
import { check, index, integer, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { LEASE_OUTCOMES, PARKINGS, PRIORITIES, TASK_STATUSES } from '../core/vocabulary.ts';

/** For a check: one of these. */
export const words = (values: readonly string[]) => sql.raw(values.map((value) => `'${value}'`).join(', '));

const LEASE_IS_WHOLE = sql`(lease_id IS NULL) = (lease_expires_at IS NULL) AND (lease_id IS NULL) = (lease_ms IS NULL)`;

export const tasks = sqliteTable(
  'tasks',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    description: text().notNull(),
    status: text({ enum: TASK_STATUSES }).notNull(),
    priority: text({ enum: PRIORITIES }).notNull(),
    rank: integer().notNull(),
    lane: text().notNull(),
    ready: integer().notNull(),
    target: text(),
    instanceId: text('instance_id'),
    instanceName: text('instance_name'),
    leaseId: text('lease_id'),
    leaseMs: integer('lease_ms'),
    leaseExpiresAt: integer('lease_expires_at'),
    attempt: integer().notNull(),
    maxAttempts: integer('max_attempts').notNull(),
    createdAt: integer('created_at').notNull(),
    claimedAt: integer('claimed_at'),
    completedAt: integer('completed_at'),
    notBefore: integer('not_before'),
    updatedAt: integer('updated_at').notNull(),
    notes: text(),
    error: text(),
    submittedBy: text('submitted_by'),
    createdBy: text('created_by').notNull(),
    originFrontEnd: text('origin_front_end'),
    originRef: text('origin_ref'),
    project: text(),
    /** Sorted, with commas between them; empty for none. */
    requires: text().notNull().default(''),
    model: text(),
    maxCostUsd: real('max_cost_usd'),
    maxTokens: integer('max_tokens'),
    maxTurns: integer('max_turns'),
    maxMinutes: real('max_minutes'),
    parked: text({ enum: PARKINGS }),
    parkedUntil: integer('parked_until'),
    parkedDetail: text('parked_detail'),
    /** Whose limits it counts for: see `personOf`. */
    person: text(),
    /** JSON. */
    result: text(),
  },
  (t) => [
    index('tasks_parked')
      .on(t.parkedUntil)
      .where(sql`parked_until IS NOT NULL`),
    index('tasks_running_of_person')
      .on(t.person)
      .where(sql`status = 'in_progress' AND person IS NOT NULL`),
    index('tasks_limited')
      .on(t.person, t.lane, t.rank, t.id)
      .where(sql`parked = 'limit' AND parked_until IS NULL`),
    index('tasks_ready')
      .on(t.lane, t.rank, t.id)
      .where(sql`status = 'pending' AND ready = 1`),
    index('tasks_pending')
      .on(t.rank, t.id)
      .where(sql`status = 'pending'`),
    index('tasks_due')
      .on(t.notBefore)
      .where(sql`status = 'pending' AND ready = 0`),
    index('tasks_leased')
      .on(t.leaseExpiresAt)
      .where(sql`status = 'in_progress'`),
    index('tasks_held')
      .on(t.instanceId, t.id)
      .where(sql`status = 'in_progress'`),
    index('tasks_finished')
      .on(t.status, t.completedAt)
      .where(sql`completed_at IS NOT NULL`),
    index('tasks_finished_by_id')
      .on(t.status, t.id)
      .where(sql`completed_at IS NOT NULL`),
    uniqueIndex('tasks_origin')
      .on(t.originFrontEnd, t.originRef)
      .where(sql`origin_ref IS NOT NULL`),
    // What one person of a front end has open, and has asked for lately. Tasks of the API cost nothing here.
    index('tasks_open_of_person')
      .on(t.createdBy)
      .where(sql`origin_ref IS NOT NULL AND completed_at IS NULL`),
    index('tasks_of_person')
      .on(t.createdBy, t.createdAt)
      .where(sql`origin_ref IS NOT NULL`),
    check('tasks_status', sql`status IN (${words(TASK_STATUSES)})`),
    check('tasks_priority', sql`priority IN (${words(PRIORITIES)})`),
    check('tasks_ready_flag', sql`ready IN (0, 1)`),
    check('tasks_attempt', sql`attempt >= 0 AND max_attempts >= 1`),
    check('tasks_lease', sql`(status = 'in_progress') = (lease_id IS NOT NULL)`),
    check('tasks_lease_whole', LEASE_IS_WHOLE),
    check('tasks_finish', sql`(completed_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled'))`),
  ],
);

/** Lanes that have tasks ready, kept by triggers on `tasks`: what a claim matches against a claimant. */
export const laneCounts = sqliteTable('lane_counts', {
  lane: text().primaryKey(),
  n: integer().notNull(),
});

export const taskLogs = sqliteTable(
  'task_logs',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    action: text().notNull(),
    actor: text().notNull(),
    details: text().notNull(),
    instanceId: text('instance_id'),
    timestamp: integer().notNull(),
    /** The key that the call was made with; null for what came without one (front ends, Athena itself). */
    keyId: text('key_id'),
  },
  (t) => [index('task_logs_task').on(t.taskId, t.id)],
);

export const leases = sqliteTable(
  'leases',
  {
    leaseId: text('lease_id').primaryKey(),
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id),
    instanceId: text('instance_id').notNull(),
    attempt: integer().notNull(),
    lengthMs: integer('length_ms').notNull(),
    claimedAt: integer('claimed_at').notNull(),
    endedAt: integer('ended_at'),
    endedBy: text('ended_by'),
    outcome: text({ enum: LEASE_OUTCOMES }),
  },
  (t) => [
    // Without it, deleting a task would read all leases.
    index('leases_task').on(t.taskId),
    index('leases_cancelled')
      .on(t.instanceId, t.endedAt)
      .where(sql`outcome = 'cancelled'`),
    check('leases_outcome', sql`outcome IN (${words(LEASE_OUTCOMES)})`),
    check(
      'leases_end',
      sql`(ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)`,
    ),
  ],
);

export const instances = sqliteTable(
  'instances',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    lastSeen: integer('last_seen').notNull(),
    /** What a worker says of itself; JSON, null for what is none. */
    worker: text(),
  },
  (t) => [index('instances_seen').on(t.lastSeen)],
);

/** Kept by triggers on `tasks`, so that a count never reads the tasks. */
export const taskCounts = sqliteTable('task_counts', {
  status: text({ enum: TASK_STATUSES }).primaryKey(),
  n: integer().notNull(),
});

/** One row: the queue's own switch. */
export const queueState = sqliteTable('queue_state', {
  id: integer().primaryKey(),
  paused: integer().notNull(),
  reason: text(),
});
