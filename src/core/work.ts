/**
 * A unit of work is one decision on the store: a named read, then a pure and synchronous `decide`
 * over what was read, then everything it returns saved together or not at all. Use cases build
 * work; the store runs it. Neither sees the other's inside, so another database can stand behind
 * the same port.
 */
import type { NewAdminEvent } from './admin-event.ts';
import type { Instance } from './instance.ts';
import type { KeyChange, StoredKey } from './key.ts';
import type { Lease } from './lease.ts';
import type { Tally, TallyWish } from './person-limits.ts';
import type { Task, TaskChange } from './task.ts';

/** Forbids promises where everything must be over before the transaction ends. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

export interface QueueState {
  readonly paused: boolean;
  readonly reason: string | null;
}

/** Each named read: what it takes and what it gives. All of it is read inside the transaction. */
export interface Reads {
  /** The id that the next new task gets (ids are never used twice), and what its submitter has asked for already. */
  newTask: {
    takes: { origin: Task['origin']; tally?: TallyWish | undefined };
    gives: { id: number; existing: Task | null; tally: Tally | null };
  };
  /**
   * A task and, if a lease id is given, that lease's row whatever task it belongs to. `tally` is that of whoever
   * would have one more task open.
   */
  task: {
    takes: { id: number; leaseId?: string | undefined; tally?: TallyWish | undefined };
    gives: { task: Task | null; lease: Lease | null; tally: Tally | null };
  };
  /** The same, and what claim-next would hand to this task's holder (or to nobody in particular) now. */
  taskAndNext: {
    takes: { id: number; leaseId?: string | undefined };
    gives: { task: Task | null; lease: Lease | null; next: Task | null };
  };
  /** The ready task with the smallest rank in any of these lanes, the queue's state and the claimant. */
  nextReady: {
    takes: { lanes: readonly string[]; instanceId: string };
    gives: { task: Task | null; queue: QueueState; instance: Instance | null };
  };
  /** One task and the instance that wants it. */
  claimById: {
    takes: { id: number; instanceId: string };
    gives: { task: Task | null; instance: Instance | null };
  };
  /** All that a heartbeat speaks about: what the instance holds, and what became of other leases it named. */
  leasesOf: {
    takes: { instanceId: string; leaseIds: readonly string[]; cancelledSince: Date };
    gives: {
      instance: Instance | null;
      held: readonly Task[];
      named: readonly Lease[];
      cancelledTaskIds: readonly number[];
    };
  };
  /** The task that a lease was given for. */
  taskOfLease: { takes: { leaseId: string }; gives: { task: Task | null } };
  expiredLeases: { takes: { before: Date; limit: number }; gives: { tasks: readonly Task[] } };
  dueTasks: { takes: { before: Date; limit: number }; gives: { taskIds: readonly number[] } };
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
  /** Tasks whose `notBefore` has passed. */
  readonly due?: readonly number[];
  /** Forgets an idempotency record: its answer was never delivered. */
  readonly forgetKey?: string | undefined;
  /** Whether the answer is kept under an idempotency key: only if it changed something. */
  readonly changedSomething?: boolean;
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
