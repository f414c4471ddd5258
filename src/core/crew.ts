/** An instance as somebody who may take tasks: what fits it, and whether it has a hand free. */
import { heldNow, type AccountHold } from './account-hold.ts';
import { instanceStatus, OFFLINE_AFTER_MS, type Instance } from './instance.ts';
import { claimantOf, fits, type Claimant, type Demand } from './lanes.ts';

export interface CrewMember {
  readonly name: string;
  readonly isOnline: boolean;
  readonly claimant: Claimant;
  readonly isFree: boolean;
  /** Its account has nothing left until then. */
  readonly heldUntil: Date | null;
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
    name,
    isOnline: instanceStatus({ lastSeen, holdsLease: running > 0 }, now) !== 'offline',
    claimant: claimantOf({ ...worker, instanceId: id }),
    isFree: running < (worker?.concurrency ?? 1),
    heldUntil: worker === null ? null : heldNow(hold, now),
  };
}

export function isAble({ claimant }: CrewMember, demand: Demand): boolean {
  return fits(demand, claimant);
}
