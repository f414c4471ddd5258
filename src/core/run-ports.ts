/** What front ends and the API read about runs, and what a front end remembers of the threads it keeps. */
import type { Question } from './question.ts';
import type { RunMessage, TaskWork } from './run.ts';
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
  save(position: ThreadPosition): Promise<void>;
}
