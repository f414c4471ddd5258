/** What front ends and the API read about runs, and what a front end remembers of the threads it keeps. */
import type { Lease } from './lease.ts';
import type { Question, Reply } from './question.ts';
import type { Run, RunMessage, TaskWork } from './run.ts';
import type { Attachment } from './run-state.ts';
import type { QuestionStatus } from './vocabulary.ts';

export interface MessagePage {
  /** In order of their sequence numbers. */
  readonly messages: readonly RunMessage[];
  /** Older ones were asked for than are kept. */
  readonly truncated: boolean;
}

export type UsageKey = 'user' | 'project' | 'model';

export interface Usage {
  readonly costUsd: number;
  readonly tasks: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface UsageGroup extends Usage {
  readonly key: Partial<Readonly<Record<UsageKey, string | null>>>;
}

export interface RunStore {
  /** Messages with a larger `seq`. */
  messages(taskId: number, after: number, limit: number): Promise<MessagePage>;
  taskWork(taskId: number): Promise<TaskWork | null>;
  /** A lease, live or not, and its run if it began one. */
  runOfLease(leaseId: string): Promise<{ lease: Lease | null; run: Run | null }>;
  /** Those with a larger number, in order. */
  replies(taskId: number, after: number): Promise<readonly Reply[]>;
  attachments(taskId: number): Promise<readonly Attachment[]>;
  /** The task that this file came with; null for none. */
  taskOfFile(file: string): Promise<number | null>;
  question(id: number): Promise<Question | null>;
  /** Newest first; of one task, or of all. */
  questions(query: {
    status?: QuestionStatus | undefined;
    taskId?: number | undefined;
    limit: number;
  }): Promise<readonly Question[]>;
  usage(query: {
    since: Date;
    groupBy: readonly UsageKey[];
  }): Promise<{ total: Usage; groups: readonly UsageGroup[] }>;
  threads(frontEnd: string): ThreadMemory;
  /**
   * One step through the tasks with messages, from the first after this id: drops some of those that ended before.
   * Resolves to where to go on, and null after the last task.
   */
  dropMessages(step: { endedBefore: Date; after: number }): Promise<number | null>;
}

/** How far a task's messages were told in its thread. Messages after `seq` are still to be told. */
export interface ThreadPosition {
  readonly taskId: number;
  /** Null until there is one. */
  readonly threadId: string | null;
  readonly seq: number;
  /** Whatever the front end keeps about it, as JSON text: what is being sent, what is edited in place. */
  readonly state: string;
  /** Nobody can be told there any more. */
  readonly isClosed: boolean;
}

export interface ThreadMemory {
  position(taskId: number): Promise<ThreadPosition | null>;
  /** Tasks that have messages after their position, or no position yet; closed ones left out. */
  behind(limit: number): Promise<readonly number[]>;
  /** The newest tasks that are told in this thread, the newest first. */
  tasksIn(threadId: string, limit: number): Promise<readonly number[]>;
  save(position: ThreadPosition): Promise<void>;
}
