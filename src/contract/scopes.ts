/** What a key must be allowed for each call. A new call does not compile without its line here. */
import type { KeyScope } from '../core/vocabulary.ts';
import type { ENDPOINTS } from './endpoints.ts';

export type EndpointName = keyof typeof ENDPOINTS;

/** `open` asks for no key at all. */
export const SCOPE_NEEDED: Readonly<Record<EndpointName, KeyScope | 'open'>> = {
  health: 'open',
  listTasks: 'read',
  nextTask: 'read',
  getTask: 'read',
  taskLogs: 'read',
  stats: 'read',
  instances: 'read',
  createTask: 'submit',
  editTask: 'submit',
  setPriority: 'submit',
  cancelTask: 'submit',
  requeueTask: 'submit',
  claimTask: 'worker',
  claimNext: 'worker',
  setStatus: 'worker',
  completeTask: 'worker',
  failTask: 'worker',
  releaseTask: 'worker',
  heartbeat: 'worker',
  taskMessages: 'read',
  questions: 'read',
  usage: 'read',
  reply: 'submit',
  answerQuestion: 'submit',
  postMessages: 'worker',
  postReport: 'worker',
  askQuestion: 'worker',
  signals: 'worker',
  pauseQueue: 'admin',
  resumeQueue: 'admin',
  audit: 'admin',
  listKeys: 'admin',
  addKey: 'admin',
  revokeKey: 'admin',
};
