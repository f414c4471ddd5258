/** The frame of every move by a caller: find the task, answer a repeat, judge who may, then decide. */
import { tooManyLanes } from './lanes.ts';
import type { Lease } from './lease.ts';
import { actOf, isRepeat, requireOwnership, type Caller } from './ownership.ts';
import type { Tally, TallyWish } from './person-limits.ts';
import { missesReplies } from './heard-replies.ts';
import { followUp } from './follow-up.ts';
import { settleRun, type RunEnd } from './run-end.ts';
import type { RunState } from './run-state.ts';
import { isFinished, isReady, required, type Act, type Task, type TaskChange } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import type { Fault, LeaseOutcome } from './vocabulary.ts';
import { work, type Outcome, type Speaker, type Work } from './work.ts';

export interface Move {
  /** Outcomes of the caller's own lease that make this call a harmless repeat. */
  readonly repeats?: readonly LeaseOutcome[];
  /** Whether `make` sees what claim-next would hand out now. */
  readonly seesNext?: boolean;
  /** Whose tally `make` sees. */
  readonly tally?: TallyWish | undefined;
  /** The move may put a task that has ended back into the queue. */
  readonly reopens?: boolean;
  /** `make` sees who else gave the task back for this fault. */
  readonly fault?: Fault | undefined;
  /** Null: the task is that way already, so nothing happened and nothing is told. */
  make(task: Task, act: Act, seen: Seen): TaskChange | Ending | null;
}

/** An end of a run that is more than the change says. */
export interface Ending {
  readonly change: TaskChange;
  readonly end: RunEnd;
}

/** Null for what the move did not ask for. */
interface Seen {
  readonly next: Task | null;
  readonly tally: Tally | null;
  readonly run: RunState | null;
  readonly faulty: readonly string[];
  readonly hasRoom: boolean;
}

const NOTHING_SEEN: Seen = { next: null, tally: null, run: null, faulty: [], hasRoom: true };

interface Found extends Partial<Seen> {
  readonly task: Task | null;
  readonly lease: Lease | null;
}

export type MoveTask = (id: number, caller: Caller, move: Move) => Work<Task>;

export function createMove({ clock, limitsAt }: Pick<TaskServiceDeps, 'clock' | 'limitsAt'>): MoveTask {
  return (id, caller, move) => {
    function decide(found_: Found): Outcome<Task> {
      const { task, lease, run = null } = found_;
      const found = required(task, id);
      const act = actOf(caller, lease, clock.now());
      if (isRepeat({ task: found, lease, caller }, move.repeats ?? [])) return { result: found };
      requireOwnership(found, caller);
      const made = move.make(found, act, { ...NOTHING_SEEN, ...found_ });
      if (made === null) return { result: found };
      requireLane(made, found_);
      return settled(made, run, act);
    }
    const which = { id, leaseId: caller.leaseId };
    const from = speakerOf(caller);
    return move.seesNext === true
      ? work<'taskAndNext', Task>(
          { read: 'taskAndNext', ...which, limits: limitsAt(clock.now()) },
          decide,
          from,
        )
      : work<'task', Task>({ read: 'task', ...which, ...wishesOf(move) }, decide, from);
  };
}

const wishesOf = ({ tally, fault, reopens }: Move) => ({ tally, fault, reopens });

/** A task that has ended takes up its lane again when it comes back. */
function requireLane(made: TaskChange | Ending, { hasRoom = true }: Found): void {
  const { before, after } = 'end' in made ? made.change : made;
  if (!hasRoom && before !== null && isFinished(before) && isReady(after)) throw tooManyLanes();
}

/** Whatever ends a lease or a task ends its run as well; one that is completed goes on for what its holder missed. */
export function settled(made: TaskChange | Ending, run: RunState | null, act: Act): Outcome<Task> {
  const { change, end } = 'end' in made ? made : { change: made, end: {} };
  const { change: whole, saves } = settleRun(change, run, end);
  const isMissed = whole.after.status === 'completed' && missesReplies(run, end.heard);
  const changes = isMissed ? [whole, followUp(whole.after, act)] : [whole];
  return { result: changes.at(-1)?.after ?? whole.after, changes, ...(saves && { runs: [saves] }) };
}

/** A caller that names its instance is heard from. */
export function speakerOf({ instanceId, speaker }: Caller): Speaker | null {
  const heard = instanceId ?? speaker;
  return heard === undefined ? null : { instanceId: heard };
}
