/** What the use cases on tasks are given. */
import type { Clock, IdSource } from './ports.ts';
import type { LimitsAt, RunLimits } from './run-limits.ts';

/** The numbers an owner sets. */
export interface QueuePolicy {
  readonly leaseMs: number;
  readonly maxAttempts: number;
  /** Left out: none. */
  readonly limits?: RunLimits | undefined;
}

export interface TaskServiceDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly policy: QueuePolicy;
  readonly limitsAt: LimitsAt;
  /** Whether the session of an earlier run is kept; left out: none ever is. */
  readonly hasTranscript?: ((taskId: number) => boolean) | undefined;
}
