/**
 * Every call of the API: method, path, what it takes and what it answers. The server mounts these
 * paths, the client calls them; neither writes a path of its own.
 */
import { AuditList } from './audit.ts';
import { AddedKey, AddKey, KeyAnswer, KeyList, RevokeKey } from './key.ts';
import { Health, PauseQueue, QueueAnswer, Stats } from './stats.ts';
import { Heartbeat, HeartbeatAnswer, InstanceList } from './instance.ts';
import * as t from './task.ts';

export const ENDPOINTS = {
  health: { method: 'GET', path: '/health', answer: Health },
  listTasks: { method: 'GET', path: '/api/tasks', answer: t.TaskList },
  createTask: { method: 'POST', path: '/api/tasks', body: t.CreateTask, answer: t.CreatedAnswer },
  nextTask: { method: 'GET', path: '/api/tasks/next', answer: t.NextAnswer },
  getTask: { method: 'GET', path: '/api/tasks/:id', answer: t.TaskAnswer },
  editTask: { method: 'PUT', path: '/api/tasks/:id', body: t.EditTask, answer: t.TaskAnswer },
  taskLogs: { method: 'GET', path: '/api/tasks/:id/logs', answer: t.LogList },
  claimTask: { method: 'POST', path: '/api/tasks/:id/claim', body: t.ClaimTask, answer: t.ClaimedAnswer },
  claimNext: { method: 'POST', path: '/api/tasks/claim', body: t.ClaimNext, answer: t.ClaimNextAnswer },
  setStatus: { method: 'PUT', path: '/api/tasks/:id/status', body: t.SetStatus, answer: t.TaskAnswer },
  setPriority: { method: 'PUT', path: '/api/tasks/:id/priority', body: t.SetPriority, answer: t.TaskAnswer },
  completeTask: {
    method: 'POST',
    path: '/api/tasks/:id/complete',
    body: t.CompleteTask,
    answer: t.CompletedAnswer,
  },
  failTask: { method: 'POST', path: '/api/tasks/:id/fail', body: t.FailTask, answer: t.StatusAnswer },
  releaseTask: {
    method: 'POST',
    path: '/api/tasks/:id/release',
    body: t.ReleaseTask,
    answer: t.StatusAnswer,
  },
  cancelTask: { method: 'POST', path: '/api/tasks/:id/cancel', body: t.CancelTask, answer: t.StatusAnswer },
  requeueTask: {
    method: 'POST',
    path: '/api/tasks/:id/requeue',
    body: t.RequeueTask,
    answer: t.StatusAnswer,
  },
  stats: { method: 'GET', path: '/api/stats', answer: Stats },
  pauseQueue: { method: 'POST', path: '/api/queue/pause', body: PauseQueue, answer: QueueAnswer },
  resumeQueue: { method: 'POST', path: '/api/queue/resume', body: PauseQueue, answer: QueueAnswer },
  audit: { method: 'GET', path: '/api/audit', answer: AuditList },
  heartbeat: { method: 'POST', path: '/api/instance/heartbeat', body: Heartbeat, answer: HeartbeatAnswer },
  instances: { method: 'GET', path: '/api/instances', answer: InstanceList },
  listKeys: { method: 'GET', path: '/api/keys', answer: KeyList },
  addKey: { method: 'POST', path: '/api/keys', body: AddKey, answer: AddedKey },
  revokeKey: { method: 'DELETE', path: '/api/keys/:id', body: RevokeKey, answer: KeyAnswer },
} as const;

/** The client that the server hands out; open, like `health`. */
export const CLIENT_PATH = '/client/claude-task-client.mjs';

export const API_KEY_HEADER = 'x-api-key';
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/** What an owner may publish in a sample; accepted only when set on purpose, with a warning. */
export const SAMPLE_API_KEY = 'athena-homelab-key';
