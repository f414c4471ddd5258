/** An instance as somebody who may take tasks: what fits it, and whether it has a hand free. */
import { heldNow, type AccountHold } from './account-hold.ts';
import { instanceStatus, OFFLINE_AFTER_MS, type Instance } from './instance.ts';
import { claimantOf, fits, type Claimant, type Demand } from './lanes.ts';
import type { Worker } from './worker.ts';

/** A task that a worker gave back for a fault of its own is not for it again so soon. */
export const BARRED_MS = 10 * 60_000;

export interface CrewMember {
  readonly id: string;
  readonly name: string;
  readonly isOnline: boolean;
  readonly claimant: Claimant;
  readonly isFree: boolean;
  /** Its account has nothing left until then. */
  readonly heldUntil: Date | null;
  /** What it would take but for a problem of its own; null: nothing else. */
  readonly kept: { readonly from: Claimant; readonly problem: string } | null;
}

export interface InHand {
  /** How many tasks. */
  readonly running: number;
  /** Of its account. */
  readonly hold: AccountHold | null;
}

/** A worker that fell silent is no worker any more, whoever else speaks under its name. */
export function toCrewMember(
  { id, name, lastSeen, worker: known }: Instance,
  { running, hold }: InHand,
  now: Date,
): CrewMember {
  const isSilent = known !== null && now.getTime() - known.heardAt.getTime() > OFFLINE_AFTER_MS;
  const worker = isSilent ? null : known;
  return {
    id,
    name,
    isOnline: instanceStatus({ lastSeen, holdsLease: running > 0 }, now) !== 'offline',
    ...takesOf(id, worker),
    isFree: running < (worker?.concurrency ?? 1),
    heldUntil: worker === null ? null : heldNow(hold, now),
  };
}

function takesOf(instanceId: string, worker: Worker | null): Pick<CrewMember, 'claimant' | 'kept'> {
  if (worker === null) return { claimant: claimantOf({ instanceId }), kept: null };
  const { projects, capabilities, held = [], problem } = worker;
  const open = projects.filter((project) => !held.includes(project));
  const from = claimantOf({ instanceId, capabilities, projects: held });
  return {
    claimant: claimantOf({ instanceId, capabilities, projects: open }),
    kept: held.length === 0 ? null : { from, problem: problem ?? 'It takes nothing now.' },
  };
}

export function isAble({ claimant }: CrewMember, demand: Demand): boolean {
  return fits(demand, claimant);
}
