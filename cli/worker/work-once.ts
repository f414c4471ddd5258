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

/** Null: there was nothing to do. Rejects with the `ClientError` that says why nothing could be asked. */
export async function workOnce(worker: Worker, leaving: Leaving): Promise<Once | null> {
  if (leaving.signal.aborted || !(await hasRoom(worker))) return null;
  createTidy(worker)();
  const claimed = await claimNext(worker, { waitSeconds: 0, signal: leaving.signal });
  if (claimed === null) return null;
  const { claim, project } = claimed;
  const { run, ended } = startRun(claim, project, worker.kit);
  leaving.add(run.stopper, ended);
  const end = await Promise.race([ended, leaving.over().then(() => null)]);
  if (end === null) throw new ClientError('terminated', `The run of task #${claim.task.id} was left behind.`);
  noteEnd(worker, project, end);
  return { claim, end };
}
