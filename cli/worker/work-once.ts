/** `work --once`: one task, if one is there. */
import { ClientError } from '../errors.ts';
import { claimNext, hasRoom } from './claim-next.ts';
import type { Claim } from './claim.ts';
import type { Worker } from './open-worker.ts';
import { startRun, type RunEnd } from './run-task.ts';
import { noteEnd } from './run-end.ts';
import { createTidy } from './tidy.ts';
import type { Leaving } from './leaving.ts';

export interface Once {
  readonly claim: Claim;
  readonly end: RunEnd;
}

/** Nothing was taken; `why` null: there is no task to do. */
export interface Idle {
  readonly why: string | null;
}

/** Rejects with the `ClientError` that says why nothing could be asked. */
export async function workOnce(worker: Worker, leaving: Leaving): Promise<Once | Idle> {
  if (leaving.signal.aborted) return { why: 'The worker was told to end.' };
  if (!(await hasRoom(worker))) return { why: worker.problems.text() };
  createTidy(worker)();
  const claimed = await claimNext(worker, { waitSeconds: 0, signal: leaving.signal });
  if (claimed === null) return { why: worker.problems.text() };
  const { claim, project } = claimed;
  const { run, ended } = startRun(claim, project, worker.kit);
  leaving.add(run.stopper, ended);
  const end = await Promise.race([ended, leaving.over().then(() => null)]);
  if (end === null) throw new ClientError('terminated', `The run of task #${claim.task.id} was left behind.`);
  noteEnd(worker, project, end);
  return { claim, end };
}
