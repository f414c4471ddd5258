/**
 * Why a pending task cannot start now, as far as anybody can tell from outside: the first reason that holds. Null
 * for a task that somebody may take as soon as those before it are gone, and for all that is not pending.
 */
import { isAble, type CrewMember } from './crew.ts';
import { fits, type Demand } from './lanes.ts';
import { heldBack, type LimitsNow, type PersonUse } from './run-limits.ts';
import { personOf, type Task } from './task.ts';
import type { Parking, WaitingKind } from './vocabulary.ts';
import type { QueueState } from './work.ts';

export interface WaitingFor {
  readonly kind: WaitingKind;
  /** When it ends by itself; null where nobody knows. */
  readonly until: Date | null;
  readonly detail: string;
}

/** What can be asked about the queue at one moment. Each answer costs a look, so it is asked for when it matters. */
export interface QueueFacts {
  queue(): QueueState;
  /** Those who are online. */
  crew(): Iterable<CrewMember>;
  /** Null for one that was never heard of. */
  member(id: string): CrewMember | null;
  use(person: string, limits: LimitsNow): PersonUse;
  /** Until when the workers that gave a task back for a fault of their own do not take it again, by instance id. */
  barred(taskId: number): ReadonlyMap<string, Date>;
}

type Reason = (task: Task, facts: QueueFacts, limits: LimitsNow | null) => WaitingFor | null;

/** In the order in which they count. */
const REASONS: readonly Reason[] = [
  ofQueue,
  ofTime,
  ofParking('answer'),
  ofParking('quota'),
  ofQuota,
  ofParking('budget'),
  ofLimits,
  ofTarget,
  ofCrew,
];

export function waitingFor(
  task: Task,
  facts: QueueFacts,
  limits: LimitsNow | null = null,
): WaitingFor | null {
  if (task.status !== 'pending') return null;
  for (const reason of REASONS) {
    const found = reason(task, facts, limits);
    if (found !== null) return found;
  }
  return null;
}

function because(kind: WaitingKind, detail: string, until: Date | null = null): WaitingFor {
  return { kind, until, detail };
}

function ofQueue(_: Task, facts: QueueFacts): WaitingFor | null {
  const { paused, reason } = facts.queue();
  return paused ? because('paused', reason ?? 'The queue is paused.') : null;
}

function ofTime({ notBefore, error }: Task): WaitingFor | null {
  return notBefore === null ? null : because('not_before', error ?? 'It is put off until then.', notBefore);
}

function ofParking(kind: Exclude<Parking, 'limit'>): Reason {
  return ({ parked }) => (parked?.kind === kind ? because(parked.kind, parked.detail, parked.until) : null);
}

/** Nobody who could take it has quota left. */
function ofQuota(task: Task, facts: QueueFacts): WaitingFor | null {
  let first: Date | null = null;
  for (const { heldUntil } of ableTo(task, facts)) {
    if (heldUntil === null) return null;
    if (first === null || heldUntil < first) first = heldUntil;
  }
  return first && because('quota', 'Those who could take it have no quota left.', first);
}

/** A task may be at its person's limit before any claim has come across it. Money is what a budget is about. */
function ofLimits(task: Task, facts: QueueFacts, limits: LimitsNow | null): WaitingFor | null {
  const person = personOf(task);
  const held = limits === null || person === null ? null : heldBack(facts.use(person, limits), limits);
  const parked = held ?? task.parked;
  if (parked === null) return null;
  return because(parked.until === null ? 'limit' : 'budget', parked.detail, parked.until);
}

function ofTarget({ target }: Task, facts: QueueFacts): WaitingFor | null {
  if (target === null) return null;
  const member = facts.member(target);
  if (member === null) return because('target', `${target} was never seen.`);
  return member.isOnline ? null : because('target', `${member.name} is offline.`);
}

/** What asks for nothing anybody may take, also somebody who was never heard of: that has no lack of workers. */
function ofCrew(task: Task, facts: QueueFacts): WaitingFor | null {
  const busy: CrewMember[] = [];
  const barred: Barred[] = [];
  for (const member of ableTo(task, facts)) {
    // Only what has been run can have been given back.
    const until = task.result === null ? undefined : facts.barred(task.id).get(member.id);
    if (until !== undefined) barred.push({ member, until });
    else if (member.isFree && member.heldUntil === null) return null;
    else busy.push(member);
  }
  if (busy.length > 0) return because('busy', busyText(busy));
  const [first] = barred.toSorted((a, b) => a.until.getTime() - b.until.getTime());
  if (first !== undefined) return because('no_worker', barredText(first), first.until);
  return asksForNothing(task) ? null : because('no_worker', lack(task, facts));
}

interface Barred {
  readonly member: CrewMember;
  readonly until: Date;
}

function barredText({ member: { name } }: Barred): string {
  return `${name} gave it back for a fault of its own, and leaves it to others until then.`;
}

/** Those online who may take it; whoever has heard enough asks no further. */
function* ableTo(task: Task, facts: QueueFacts): Generator<CrewMember, undefined> {
  for (const member of meantBy(task, facts)) if (member.isOnline && isAble(member, task)) yield member;
}

function meantBy({ target }: Task, facts: QueueFacts): Iterable<CrewMember> {
  if (target === null) return facts.crew();
  const asked = facts.member(target);
  return asked === null ? [] : [asked];
}

const asksForNothing = ({ target, project, requires }: Demand) =>
  target === null && project === null && requires.length === 0;

function lack(task: Task, facts: QueueFacts): string {
  for (const { isOnline, name, kept } of meantBy(task, facts)) {
    if (isOnline && kept !== null && fits(task, kept.from))
      return `${name} would take it, but: ${kept.problem}`;
  }
  return nobodyFor(task, facts);
}

function nobodyFor({ target, project, requires }: Demand, facts: QueueFacts): string {
  const asked = target === null ? null : facts.member(target);
  const serves = project === null ? 'takes tasks without a project' : `serves the project ${project}`;
  const wanted = requires.length === 0 ? serves : `${serves} and has ${requires.join(', ')}`;
  return asked === null ? `Nobody online ${wanted}.` : `${asked.name} is online, but none that ${wanted}.`;
}

function busyText(able: readonly CrewMember[]): string {
  const [only] = able;
  const who =
    able.length === 1 && only !== undefined
      ? `${only.name} is`
      : `All ${able.length} of those who could take it are`;
  return `${who} busy.`;
}
