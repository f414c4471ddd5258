/**
 * A unit of work is one decision on the store: a named read, then a pure and synchronous `decide`
 * over what was read, then everything it returns saved together or not at all. Use cases build
 * work; the store runs it. Neither sees the other's inside, so another database can stand behind
 * the same port.
 */
import type { AccountHold, SeenHold } from './account-hold.ts';
import type { NewAdminEvent } from './admin-event.ts';
import type { Instance } from './instance.ts';
import type { KeyChange, StoredKey } from './key.ts';
import type { Claimant } from './lanes.ts';
import type { Lease } from './lease.ts';
import type { Tally, TallyWish } from './person-limits.ts';
import type { Question, Reply } from './question.ts';
import type { Run, RunResult, TaskWork } from './run.ts';
import type { RunNeeds, RunSaves, RunState } from './run-state.ts';
import type { LimitsNow } from './run-limits.ts';
import type { Parked, Task, TaskChange } from './task.ts';
import type { Fault } from './vocabulary.ts';
import type { Worker } from './worker.ts';

/** Forbids promises where everything must be over before the transaction ends. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

export interface QueueState {
  readonly paused: boolean;
  readonly reason: string | null;
}

/** Each named read: what it takes and what it gives. All of it is read inside the transaction. */
export interface Reads {
  /**
   * The id that the next new task gets (ids are never used twice), what its submitter has asked for already, and
   * whether a task may become ready in this lane.
   */
  newTask: {
    takes: { origin: Task['origin']; lane: string; tally?: TallyWish | undefined };
    gives: { id: number; existing: Task | null; tally: Tally | null; hasRoom: boolean };
  };
  /**
   * A task and, if a lease id is given, that lease's row whatever task it belongs to. `tally` is that of whoever
   * would have one more task open. `faulty`: other instances that gave it back for this fault since it was queued.
   * `hasRoom`: whether it may become ready in its lane.
   */
  task: {
    takes: {
      id: number;
      leaseId?: string | undefined;
      tally?: TallyWish | undefined;
      fault?: Fault | undefined;
      reopens?: boolean | undefined;
    };
    gives: {
      task: Task | null;
      lease: Lease | null;
      tally: Tally | null;
      run: RunState | null;
      faulty: readonly string[];
      hasRoom: boolean;
    };
  };
  /** The same, and what claim-next would hand to this task's holder (or to nobody in particular) now. */
  taskAndNext: {
    takes: { id: number; leaseId?: string | undefined; limits: LimitsNow | null };
    gives: { task: Task | null; lease: Lease | null; next: Task | null; run: RunState | null };
  };
  /** The ready task with the smallest rank in any of the lanes that are open to this claimant, and the queue's state. */
  nextReady: {
    takes: {
      claimant: Claimant;
      instanceId: string;
      beginsRun?: boolean | undefined;
      account?: string | undefined;
      limits: LimitsNow | null;
      /** Tasks that the claimant gave back after this for a fault of its own are not for it. */
      faultySince?: Date | undefined;
    };
    gives: {
      task: Task | null;
      /** Ready, but of people at their limit. */
      limited: readonly NowParked[];
      /** There is more to look through than one claim may. */
      isMore: boolean;
      /** What is ready may be what it gave back. */
      isBarred: boolean;
      queue: QueueState;
      instance: Instance | null;
      needs: RunNeeds | null;
      /** That nobody has taken in yet, in order. */
      replies: readonly Reply[];
      hold: SeenHold | null;
    };
  };
  /** One task and the instance that wants it. */
  claimById: {
    takes: { id: number; instanceId: string; beginsRun?: boolean | undefined };
    gives: {
      task: Task | null;
      instance: Instance | null;
      needs: RunNeeds | null;
      replies: readonly Reply[];
    };
  };
  /** All that a heartbeat speaks about: what the instance holds, and what became of other leases it named. */
  leasesOf: {
    takes: { instanceId: string; leaseIds: readonly string[]; cancelledSince: Date };
    gives: {
      instance: Instance | null;
      held: readonly Task[];
      named: readonly Lease[];
      cancelledTaskIds: readonly number[];
      /** Of the account that the instance's runs use. */
      hold: AccountHold | null;
    };
  };
  /** The task that a lease was given for. */
  taskOfLease: { takes: { leaseId: string }; gives: { task: Task | null; run: RunState | null } };
  expiredLeases: {
    takes: { before: Date; limit: number };
    /** `runs` are those of the tasks, in the same order. */
    gives: { tasks: readonly Task[]; runs: readonly (RunState | null)[] };
  };
  /** The run of a lease, live or not; `state` is as that run sees it: the others are all but this one. */
  runOfLease: {
    takes: { id: number; leaseId: string; questionKey?: string | undefined };
    gives: {
      task: Task | null;
      lease: Lease | null;
      run: Run | null;
      state: RunState | null;
      /** What this run asked under that key. */
      asked: Question | null;
      nextQuestionId: number;
    };
  };
  question: {
    takes: { id: number };
    gives: { question: Question | null; task: Task | null; run: RunState | null };
  };
  /** Open questions that nobody was reminded of. */
  dueQuestions: {
    takes: { askedBefore: Date; limit: number };
    gives: { due: readonly { readonly question: Question; readonly work: TaskWork }[] };
  };
  dueTasks: { takes: { before: Date; limit: number }; gives: { taskIds: readonly number[] } };
  /** Parked tasks whose time has come. */
  dueParked: { takes: { before: Date; limit: number }; gives: { taskIds: readonly number[] } };
  queue: { takes: { only?: never }; gives: { queue: QueueState } };
  /** A key by its id, revoked or not, and the live one of this name. */
  key: {
    takes: { id: string; name?: string | undefined };
    gives: { key: StoredKey | null; sameName: StoredKey | null };
  };
}

export type ReadName = keyof Reads;

export type Load<K extends ReadName = ReadName> = { [N in K]: { readonly read: N } & Reads[N]['takes'] }[K];

/** Every kind of change there is. All of them are saved in one transaction with the events they carry. */
export interface Outcome<R> {
  readonly result: R;
  readonly changes?: readonly TaskChange[];
  readonly renewals?: readonly Renewal[];
  readonly queue?: QueueState;
  readonly adminEvents?: readonly NewAdminEvent[];
  readonly keys?: readonly KeyChange[];
  readonly runs?: readonly RunSaves[];
  /** How the work of these tasks stands, where nothing else about them changes. */
  readonly results?: readonly { readonly taskId: number; readonly result: RunResult }[];
  /** Pending tasks that wait from now on: for room of their person, or for the next of their questions. */
  readonly parked?: readonly NowParked[];
  /** Parked tasks that wait no more. */
  readonly unparked?: readonly number[];
  /** Tasks whose `notBefore` has passed. */
  readonly due?: readonly number[];
  /** What a worker says of itself from now on; null when it has left. */
  readonly announced?: { readonly instanceId: string; readonly worker: Worker | null; readonly at: Date };
  /** Forgets an idempotency record: its answer was never delivered. */
  readonly forgetKey?: string | undefined;
  /** Whether the answer is kept under an idempotency key: only if it changed something. */
  readonly changedSomething?: boolean;
}

export interface NowParked {
  readonly taskId: number;
  readonly parked: Parked;
}

export interface Renewal {
  readonly taskId: number;
  readonly leaseId: string;
  readonly expiresAt: Date;
}

/** The instance that makes a call. Without `name` a known one keeps its own and a new one is called by its id. */
export interface Speaker {
  readonly instanceId: string;
  readonly name?: string | undefined;
}

export interface Work<R> {
  readonly load: Load;
  /** Heard from, whatever is decided: a refusal and a repeated answer are signs of life too. */
  readonly from: Speaker | null;
  decide(loaded: Reads[ReadName]['gives']): Outcome<R>;
}

/** Ties a read to a decision over exactly what that read gives. */
export function work<K extends ReadName, R>(
  load: Load<K>,
  decide: (loaded: Reads[K]['gives']) => Outcome<Sync<R>>,
  from: Speaker | null = null,
): Work<R> {
  // The store answers a read by its name with that read's own shape; the pair is made here, once.
  const paired: unknown = { load, decide, from };
  return paired as Work<R>;
}
