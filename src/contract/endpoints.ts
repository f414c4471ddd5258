/**
 * Every call of the API: method, path, what it takes and what it answers. The server mounts these
 * paths, the client calls them; neither writes a path of its own.
 */
import { AuditList } from './audit.ts';
import { AddedKey, AddKey, KeyAnswer, KeyList, RevokeKey } from './key.ts';
import { Health, PauseQueue, QueueAnswer, Stats } from './stats.ts';
import { Heartbeat, HeartbeatAnswer, InstanceList } from './instance.ts';
import * as q from './question.ts';
import * as r from './run.ts';
import * as t from './task.ts';
import { UsageAnswer } from './usage.ts';

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
  taskMessages: { method: 'GET', path: '/api/tasks/:id/messages', answer: r.MessageList },
  postMessages: {
    method: 'POST',
    path: '/api/tasks/:id/messages',
    body: r.PostMessages,
    answer: r.PostedMessages,
  },
  postReport: { method: 'POST', path: '/api/tasks/:id/report', body: r.PostReport, answer: r.PostedReport },
  reply: { method: 'POST', path: '/api/tasks/:id/reply', body: r.PostReply, answer: r.PostedReply },
  askQuestion: {
    method: 'POST',
    path: '/api/tasks/:id/questions',
    body: q.AskQuestion,
    answer: q.QuestionAnswer,
  },
  questions: { method: 'GET', path: '/api/questions', answer: q.QuestionList },
  answerQuestion: {
    method: 'POST',
    path: '/api/questions/:id/answer',
    body: q.GiveAnswer,
    answer: q.QuestionAnswer,
  },
  signals: { method: 'POST', path: '/api/instance/signals', body: r.AskSignals, answer: r.Signals },
  usage: { method: 'GET', path: '/api/usage', answer: UsageAnswer },
  listKeys: { method: 'GET', path: '/api/keys', answer: KeyList },
  addKey: { method: 'POST', path: '/api/keys', body: AddKey, answer: AddedKey },
  revokeKey: { method: 'DELETE', path: '/api/keys/:id', body: RevokeKey, answer: KeyAnswer },
} as const;

/**
 * Two that carry no JSON. The transcript is JSON Lines under gzip, `GET` and `PUT`, with `?lease_id=`; the attachment is a
 * file as it came, `GET` with `?number=`, and with `&lease_id=` for a worker's key.
 */
export const TRANSCRIPT_PATH = '/api/tasks/:id/transcript';
export const ATTACHMENT_PATH = '/api/tasks/:id/attachment';
export const LARGEST_TRANSCRIPT_BYTES = 16 * 1024 * 1024;

/** The client that the server hands out; open, like `health`. */
export const CLIENT_PATH = '/client/claude-task-client.mjs';

export const API_KEY_HEADER = 'x-api-key';
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/** What an owner may publish in a sample; accepted only when set on purpose, with a warning. */
export const SAMPLE_API_KEY = 'athena-homelab-key';
