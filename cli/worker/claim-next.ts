/** Asks for the next task that this worker may take now. */
import { createHmac } from 'node:crypto';
import type { ClaimNextAnswer } from '../../src/contract/task.ts';
import { ClientError } from '../errors.ts';
import type { Claim } from './claim.ts';
import { credentialOf } from './executors.ts';
import { freeBytes } from './disk.ts';
import type { Worker } from './open-worker.ts';
import { heldProjects, projectsOf } from './worker-heart.ts';
import { errorText } from './worker-log.ts';
import type { ProjectSettings } from './settings.ts';

export interface Claimed {
  readonly claim: Claim;
  readonly project: ProjectSettings;
}

/** Renewed all the time: a worker that died is noticed after so long, and a server may be away for so long. */
const LEASE_SECONDS = 300;

export interface ClaimWanted {
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
}

/** Null: nothing to take now. */
export async function claimNext(worker: Worker, wanted: ClaimWanted): Promise<Claimed | null> {
  const { kit, session } = worker;
  const projects = openProjects(worker);
  if (projects.length === 0) return null;
  const account = accountOf(worker);
  const answer = await kit.api.claimNext(
    {
      instance_id: kit.settings.name,
      instance_name: kit.settings.name,
      session: session.id,
      lease_seconds: LEASE_SECONDS,
      ...(account !== undefined && { account }),
      projects,
      capabilities: [...kit.settings.capabilities],
      ...(wanted.waitSeconds > 0 && { wait_seconds: wanted.waitSeconds }),
    },
    { signal: wanted.signal },
  );
  return takenUp(answer, worker);
}

/** Without those that nothing is taken of now. */
export function openProjects({ kit, problems }: Worker): (string | null)[] {
  const { settings, clock } = kit;
  const held = heldProjects(settings, problems, clock.monotonicMs());
  return projectsOf(settings).filter((name) => !held.includes(name));
}

/** False while the machine has no room for another run. */
export async function hasRoom({ kit, problems, haunted }: Worker): Promise<boolean> {
  await haunted.sweep();
  const { workspace, limits } = kit.settings;
  problems.set('disk', diskProblem(workspace, limits.minFreeDiskBytes));
  const isSpent = kit.spending.leftUsd() === 0;
  problems.set(
    'spending',
    isSpent ? 'The daily limit of this worker is reached: it goes on tomorrow.' : null,
  );
  return !problems.isBlocked();
}

function diskProblem(workspace: string, leastBytes: number): string | null {
  try {
    const isFull = freeBytes(workspace) < leastBytes;
    return isFull ? `Less than ${leastBytes / 1e9} GB are free on the disk of the workspace.` : null;
  } catch (error) {
    return `The workspace cannot be used any more: ${errorText(error)}`;
  }
}

async function takenUp(answer: ClaimNextAnswer, worker: Worker): Promise<Claimed | null> {
  if (!('lease' in answer)) return null;
  const { task, lease, run } = answer;
  const { settings, log, api, hurry } = worker.kit;
  const project = settings.projects[task.project ?? settings.defaultProject ?? ''];
  if (run !== undefined && project !== undefined) return { claim: { task, lease, run }, project };
  const why =
    run === undefined
      ? 'The server is too old for this worker: bring it up to date.'
      : `This worker does not serve the project "${task.project ?? ''}".`;
  log.warn(why, { task_id: task.id });
  const proof = { instance_id: settings.name, lease_id: lease.lease_id };
  await api.release(task.id, { ...proof, reason: why, retry_in_seconds: 60 }, { signal: hurry });
  if (run === undefined) throw new ClientError('bad_answer', why);
  return null;
}

/** Whose quota is used: an opaque word that the same credential gives everywhere, and that tells nothing of it. */
function accountOf({ kit, salt }: Worker): string | undefined {
  const credential = credentialOf(kit.secrets);
  const key = salt();
  if (credential === null || key === undefined) return undefined;
  return createHmac('sha256', key).update(credential.value).digest('hex');
}
