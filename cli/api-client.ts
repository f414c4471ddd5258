/** Every call of the API that a command makes, one method each. */
import { ENDPOINTS } from '../src/contract/endpoints.ts';
import type {
  ClaimedAnswer,
  ClaimNext,
  ClaimNextAnswer,
  ClaimTask,
  CompleteTask,
  CreateTask,
  FailTask,
  ReleaseTask,
} from '../src/contract/task.ts';
import type { Heartbeat } from '../src/contract/instance.ts';
import type { AddKey } from '../src/contract/key.ts';
import type { GiveAnswer } from '../src/contract/question.ts';
import type { PostReply } from '../src/contract/run.ts';
import type { Call, CallOptions } from './call.ts';

export type ApiClient = ReturnType<typeof createApiClient>;

interface ListQuery {
  readonly status?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export const MESSAGES_AT_ONCE = 80;

export function createApiClient(call: Call) {
  return {
    listTasks: ({ status, limit, cursor }: ListQuery) =>
      call(ENDPOINTS.listTasks, { query: { status, limit, cursor } }),
    nextTask: (instanceId: string) => call(ENDPOINTS.nextTask, { query: { instance_id: instanceId } }),
    getTask: (id: number) => call(ENDPOINTS.getTask, { id }),
    taskLogs: (id: number) => call(ENDPOINTS.taskLogs, { id }),
    stats: () => call(ENDPOINTS.stats),
    instances: () => call(ENDPOINTS.instances),
    audit: (query: { limit: number; cursor?: string | undefined }) => call(ENDPOINTS.audit, { query }),

    createTask: (body: CreateTask) => call(ENDPOINTS.createTask, { body }),
    editTask: (id: number, description: string) => call(ENDPOINTS.editTask, { id, body: { description } }),
    setPriority: (id: number, priority: string) => call(ENDPOINTS.setPriority, { id, body: { priority } }),
    cancelTask: (id: number, reason?: string) => call(ENDPOINTS.cancelTask, { id, body: { reason } }),
    requeueTask: (id: number) => call(ENDPOINTS.requeueTask, { id, body: {} }),
    pauseQueue: (reason?: string) => call(ENDPOINTS.pauseQueue, { body: { reason } }),
    resumeQueue: () => call(ENDPOINTS.resumeQueue, { body: {} }),

    /** As many at once as fit into an answer, whatever they hold: 80 of the longest, with every character escaped. */
    taskMessages: (id: number, after: number, waitSeconds: number) =>
      call(ENDPOINTS.taskMessages, {
        id,
        query: { after, limit: MESSAGES_AT_ONCE, wait_seconds: waitSeconds },
        waitMs: waitSeconds * 1000,
      }),
    reply: (id: number, body: PostReply) => call(ENDPOINTS.reply, { id, body }),
    questions: (status: 'open' | 'all') => call(ENDPOINTS.questions, { query: { status } }),
    answerQuestion: (id: number, body: GiveAnswer) => call(ENDPOINTS.answerQuestion, { id, body }),
    usage: (query: { since: string | undefined; group_by: string }) => call(ENDPOINTS.usage, { query }),

    listKeys: (isAll: boolean) => call(ENDPOINTS.listKeys, { query: { all: isAll ? 'true' : undefined } }),
    addKey: (body: AddKey) => call(ENDPOINTS.addKey, { body }),
    revokeKey: (id: string) => call(ENDPOINTS.revokeKey, { id, body: {} }),

    claimTask: (id: number, body: ClaimTask, keep: (answer: ClaimedAnswer) => Promise<void>) =>
      call(ENDPOINTS.claimTask, { id, body, keep }),
    /** A repeat may wait for another time: it is the same wish for the next task. */
    claimNext: (body: ClaimNext, more: Pick<CallOptions<ClaimNextAnswer>, 'keep' | 'until'>) => {
      const { wait_seconds: waitSeconds, ...sameAs } = body;
      return call(ENDPOINTS.claimNext, { body, sameAs, waitMs: (waitSeconds ?? 0) * 1000, ...more });
    },
    completeTask: (id: number, body: CompleteTask) => call(ENDPOINTS.completeTask, { id, body }),
    failTask: (id: number, body: FailTask) => call(ENDPOINTS.failTask, { id, body }),
    releaseTask: (id: number, body: ReleaseTask) => call(ENDPOINTS.releaseTask, { id, body }),
    heartbeat: (body: Heartbeat) => call(ENDPOINTS.heartbeat, { body, isFleeting: true }),
  };
}
