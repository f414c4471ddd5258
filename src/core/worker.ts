/** What a worker says of itself, and what is known of it besides. */

/** `null` in `projects` stands for tasks without one. */
export interface WorkerFacts {
  /** Of its process: a new one for each start. */
  readonly session: string;
  readonly projects: readonly (string | null)[];
  readonly capabilities: readonly string[];
  readonly concurrency: number;
  /** Why it takes no tasks, or not all, in a sentence. */
  readonly problem: string | null;
  /** Of its projects those that it takes nothing of now; what an older worker does not say is none. */
  readonly held?: readonly (string | null)[] | undefined;
}

export interface Worker extends WorkerFacts {
  /** The session that this one took the name over from, by saying that it is gone. */
  readonly replaced: string | null;
  /** Whose quota its runs use; null until a claim told. */
  readonly account: string | null;
  /** When this session was heard last: others may speak under the same name. */
  readonly heardAt: Date;
}

/** A heartbeat of a worker. */
export interface Announcement extends WorkerFacts {
  /** The session of a process of this worker that is known to be gone. */
  readonly replaces: string | null;
  /** It stops: its name is free at once. */
  readonly leaves: boolean;
}
