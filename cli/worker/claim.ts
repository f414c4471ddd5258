/** A task that was handed out to this worker, with all that its run needs to begin. */
import type { ClaimedAnswer } from '../../src/contract/task.ts';
import type { RunStart } from '../../src/contract/run.ts';

export interface Claim extends Pick<ClaimedAnswer, 'task' | 'lease'> {
  readonly run: RunStart;
}
