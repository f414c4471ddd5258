/** What the use cases on tasks are given. */
import type { Clock, IdSource } from './ports.ts';

/** The numbers an owner sets. */
export interface QueuePolicy {
  readonly leaseMs: number;
  readonly maxAttempts: number;
}

export interface TaskServiceDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly policy: QueuePolicy;
  /** Whether the session of an earlier run is kept; left out: none ever is. */
  readonly hasTranscript?: ((taskId: number) => boolean) | undefined;
}
