/** Values of the contract as a server sends them. */
import type { InstanceView } from '../../src/contract/instance.ts';
import type { QuestionView } from '../../src/contract/question.ts';
import type { ResultView } from '../../src/contract/run.ts';
import type { TaskView } from '../../src/contract/task.ts';

export const NOW = Date.parse('2026-03-01T12:00:00.000Z');
export const IN_TWO_HOURS = '2026-03-01T14:00:00.000Z';

export function taskView(changes: Partial<TaskView> = {}): TaskView {
  return {
    id: 5,
    description: 'Deploy new monitoring stack',
    status: 'pending',
    priority: 'medium',
    target: null,
    instance_id: null,
    instance_name: null,
    created_at: '2026-03-01T11:00:00.000Z',
    claimed_at: null,
    completed_at: null,
    not_before: null,
    notes: null,
    submitted_by: null,
    attempt: 0,
    max_attempts: 3,
    lease_expires_at: null,
    updated_at: '2026-03-01T11:00:00.000Z',
    error: null,
    project: null,
    requires: [],
    model: null,
    max_cost_usd: null,
    max_tokens: null,
    max_turns: null,
    max_minutes: null,
    waiting_for: null,
    result: null,
    ...changes,
  };
}

export function claimed(changes: Partial<TaskView> = {}, leaseId = 'lease-1') {
  const task = taskView({ status: 'in_progress', instance_id: 'mac', attempt: 1, ...changes });
  return {
    status: 'in_progress',
    task: { ...task, lease_expires_at: IN_TWO_HOURS },
    lease: { lease_id: leaseId, expires_at: IN_TWO_HOURS, heartbeat_seconds: 60 },
  };
}

export function statsView(changes: object = {}) {
  return {
    pending: 2,
    in_progress: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    total: 2,
    oldest_pending_seconds: 60,
    paused: false,
    instances: { idle: 1, working: 0, offline: 0 },
    ...changes,
  };
}

export function beatAnswer(changes: object = {}) {
  return {
    instance: instanceView(),
    leases: [],
    lost: [],
    unclaimed: [],
    cancelled_task_ids: [],
    heartbeat_seconds: 60,
    ...changes,
  };
}

export function instanceView(changes: Partial<InstanceView> = {}): InstanceView {
  return {
    ...{ id: 'mac', name: 'mac', status: 'idle', current_task_id: null, last_seen: IN_TWO_HOURS },
    ...{ projects: [], capabilities: [], concurrency: null, running: [], held_until: null, problem: null },
    ...changes,
  };
}

export function resultView(changes: Partial<ResultView> = {}): ResultView {
  return {
    ...{ outcome: 'done', summary: 'It works.', branch: 'claude/5-deploy', commit: null, base: null },
    ...{ files_changed: 3, insertions: 20, deletions: 4, session_id: 'sess-1', model: 'claude-sonnet-4-5' },
    ...{ cost_usd: 0.42, cost_estimated: false, input_tokens: 120_000, output_tokens: 2500, turns: 7 },
    duration_seconds: 95,
    ...changes,
  };
}

export function questionView(changes: Partial<QuestionView> = {}): QuestionView {
  return {
    ...{ id: 12, task_id: 5, kind: 'permission', title: 'May I run it?', detail: 'Bash: rm -rf build' },
    options: [
      { id: 'allow_once', label: 'Allow once' },
      { id: 'allow_task', label: 'Allow for this task' },
      { id: 'deny', label: 'Deny' },
    ],
    ...{ status: 'open', asked_at: '2026-03-01T11:50:00.000Z' },
    ...{ answered_at: null, answered_by: null, answer: null },
    ...changes,
  };
}
