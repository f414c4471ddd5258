/**
 * What the core needs from outside, and nothing else: a store, front ends, time, ids and a log.
 * Each port that has more than one implementation has a contract suite in `tests/contracts`.
 */
import type { AdminEvent } from './admin-event.ts';
import type { TaskEvent } from './event.ts';
import type { InstanceWithWork } from './instance.ts';
import type { StoredKey } from './key.ts';
import type { Claimant } from './lanes.ts';
import type { RetentionStore } from './retention.ts';
import type { LimitsNow } from './run-limits.ts';
import type { RunStore } from './run-ports.ts';
import type { Task } from './task.ts';
import type { Actor, InstanceStatus, TaskStatus } from './vocabulary.ts';
import type { QueueFacts } from './waiting-for.ts';
import type { QueueState, Work } from './work.ts';

export interface Clock {
  now(): Date;
  /** Milliseconds that only ever grow, whatever is done to the wall clock. */
  monotonicMs(): number;
  /** Runs once after `delayMs`; the returned function cancels. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

export interface IdSource {
  /** Unguessable and new each time. */
  leaseId(): string;
}

export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** An answer as it went out first, word for word. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Set when the answer carries a lease: replaying it is only right while that lease lives. */
  readonly leaseId: string | null;
}

/** Makes work happen at most once per key; what is rendered of the first result is the kept answer. */
export interface Once<R> extends Shown<R, Answer> {
  readonly key: string;
  /** Method, path and body of the request: the same key with another one is a conflict. */
  readonly fingerprint: string;
}

/** Called in the transaction that made the result, after what was decided and heard is written down. */
export interface Shown<R, T> {
  render(result: R, facts: QueueFacts): T;
}

/** What one commit set in motion; told after it, never before. */
export interface Commit {
  /** One entry for each task that became ready to be claimed. */
  readonly readyLanes: readonly string[];
  readonly hasEvents: boolean;
  readonly resumed: boolean;
  /** A lease or delay may now end earlier than anything before it. */
  readonly timesChanged: boolean;
  /** Tasks with new messages, replies, or questions whose state changed; and tasks whose lease began or ended. */
  readonly runNews: readonly number[];
  /** Keys that were made, revoked or used, as they are now. */
  readonly keys: readonly StoredKey[];
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  /** Null on the last page; opaque text otherwise. */
  readonly nextCursor: string | null;
}

export interface TaskQuery {
  readonly statuses: readonly TaskStatus[];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface AdminPage {
  readonly events: readonly AdminEvent[];
  /** Null on the last page; opaque text otherwise. */
  readonly nextCursor: string | null;
}

export interface QueueCounts {
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly oldestPendingAt: Date | null;
  readonly queue: QueueState;
  readonly instances: Readonly<Record<InstanceStatus, number>>;
}

export interface Store extends RetentionStore, RunStore {
  /** Resolves after the commit. Rejects with what `decide` threw, or TransientError: then nothing happened. */
  decide<R>(work: Work<R>): Promise<R>;
  /** The same, resolving to what is made of the result. */
  decideShown<R, T>(work: Work<R>, shown: Shown<R, T>): Promise<T>;
  /** The same at most once per key; a repeat gets the first answer. Throws `idempotency_conflict`, `lease_lost`. */
  decideOnce<R>(work: Work<R>, once: Once<R>): Promise<Answer>;
  /** Called after every commit, in order. Returns a function that ends the subscription. */
  onCommit(listener: (commit: Commit) => void): () => void;

  /** What the queue is like at this moment. The facts are of no use afterwards. */
  look<T>(over: (facts: QueueFacts) => T): Promise<T>;
  task(id: number): Promise<Task | null>;
  /** `pending` alone comes in claim order, everything else newest id first. Throws `invalid_input` for a foreign cursor. */
  tasks(query: TaskQuery): Promise<TaskPage>;
  /**
   * Open tasks whose id starts with, or whose description contains, this text; newest first. With `createdBy`
   * only those that this person of a front end queued.
   */
  searchOpenTasks(text: string, limit: number, createdBy?: Actor): Promise<readonly Task[]>;
  recentlyFinished(limit: number): Promise<readonly Task[]>;
  /** What claim-next would hand out now. */
  nextReady(claimant: Claimant, limits?: LimitsNow | null): Promise<Task | null>;
  /** The lanes that have tasks ready. */
  readyLanes(): Promise<readonly string[]>;
  /** How many pending tasks stand before this one in claim order; counted up to `upTo`. */
  tasksAhead(task: Task, upTo: number): Promise<number>;
  events(taskId: number): Promise<readonly TaskEvent[]>;
  /** Events after a position in commit order, never one that a later commit could precede. */
  eventsAfter(position: string, limit: number): Promise<readonly TaskEvent[]>;
  newestPosition(): Promise<string>;
  /** The position itself, or the newest one if it lies beyond that: a restored backup knows fewer events. */
  clampPosition(position: string): Promise<string>;
  /** How many events lie after a position, counted up to `upTo`, and when the first of them happened. */
  eventsBehind(position: string, upTo: number): Promise<{ count: number; oldestAt: Date | null }>;
  /** The admin trail, newest first. Throws `invalid_input` for a foreign cursor. */
  adminEvents(query: { limit: number; cursor?: string | undefined }): Promise<AdminPage>;
  /** All keys, revoked ones too, oldest first. */
  keys(): Promise<readonly StoredKey[]>;
  counts(): Promise<QueueCounts>;
  instances(): Promise<readonly InstanceWithWork[]>;
  /** Earliest end of a live lease, and earliest `notBefore` of a waiting task. */
  nextTimes(): Promise<{ leaseExpiry: Date | null; due: Date | null }>;
  /**
   * Moves every live lease by `byMs`; then none ends earlier than `grace` (or its own length, if shorter) from now, and
   * none later than its own length.
   */
  shiftLeases(byMs: number, graceMs: number): Promise<void>;
  /** Housekeeping in small steps; true when there may be more to do. */
  purge(): Promise<boolean>;
  /** Throws when the database cannot be read. */
  ping(): Promise<void>;
  memory(frontEnd: string): FrontEndMemory;
  close(): Promise<void>;
}

/** A message of a front end that belongs to a task. */
export interface Link {
  readonly channelId: string;
  readonly messageId: string;
}

export interface NewLink extends Link {
  readonly taskId: number;
  /** What the message is for the task, e.g. `card`. */
  readonly kind: string;
}

/** What a front end must remember over restarts. Every save is one transaction. */
export interface FrontEndMemory {
  link(taskId: number, kind: string): Promise<Link | null>;
  value(name: string): Promise<string | null>;
  save(remembered: {
    links?: readonly NewLink[];
    unlink?: readonly { taskId: number; kind: string }[];
    values?: Readonly<Record<string, string | null>>;
  }): Promise<void>;
}

export type FrontEndState = 'connected' | 'connecting' | 'failed';

/** What a delivery left behind; saved in one transaction with the position that moves on. */
export interface Delivered {
  readonly links?: readonly NewLink[];
  readonly unlink?: readonly { taskId: number; kind: string }[];
  readonly values?: Readonly<Record<string, string>>;
}

/**
 * A place where people talk to Athena. The relay calls `deliver` for one event at a time, in commit
 * order, and repeats it until it resolves; so a delivery that may have happened before (`inDoubtSince`)
 * must find out before it sends again.
 */
export interface FrontEnd {
  readonly name: string;
  state(): FrontEndState;
  /** Resolves at once; connecting goes on in the background and `state` tells how it went. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves once the front end can deliver; rejects when it never will (a refused token). */
  ready(): Promise<void>;
  /**
   * Resolves when the event has been shown, or never can be (which it logs). Throws TransientError to
   * be called again later, DeliveryBlocked while its channel is missing or forbidden.
   */
  deliver(delivery: Delivery): Promise<Delivered>;
  /** One message that sums up what was missed, with the same promises as `deliver`. */
  summarize(missed: Missed): Promise<Delivered>;
}

export interface Attempt {
  /** When an earlier try of this very send began, if its outcome is unknown; null for a fresh one. */
  readonly inDoubtSince: Date | null;
  /** What that try had announced of itself, so that the next one sends the same; null: nothing. */
  readonly decided: string | null;
  /** Awaited right before a message is sent: remembers, over a kill, that the send may have happened. */
  announceSend(decided?: string): Promise<void>;
}

export interface Delivery extends Attempt {
  readonly event: TaskEvent;
  /** The task as it is now, for cards; lines are drawn from the event alone. Null once deleted. */
  readonly task: Task | null;
  /** A later event of the same task is already waiting, so its card need not be drawn yet. */
  readonly cardIsSuperseded: boolean;
}

/** What was missed while a front end was away for long: told in one message instead of many. */
export interface Missed extends Attempt {
  readonly since: Date;
  /** In commit order; the last one names the message (its nonce). */
  readonly events: readonly TaskEvent[];
}

export class DeliveryBlocked extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DeliveryBlocked';
  }
}

/** How far a front end is behind; part of `/health`. `blocked` says why it cannot go on, if it cannot. */
export interface DeliveryStatus {
  readonly undelivered: number;
  readonly oldestSeconds: number | null;
  readonly blocked: string | null;
}
