/**
 * Replies: instructions from people, numbered per task. One that comes while a task waits goes along with the next
 * claim; a run hears of it at once; a finished task goes on with it, in the same session and on the same branch.
 */
import { DomainError } from './errors.ts';
import { followUp } from './follow-up.ts';
import { tooManyLanes } from './lanes.ts';
import { actOf, actorOf } from './ownership.ts';
import { requireRoom, tallyFor, withoutRate, type PersonLimits, type Tally } from './person-limits.ts';
import type { Reply } from './question.ts';
import { nameOf, requireReach, requireSubmit, type Person } from './person.ts';
import { speakerOf } from './move.ts';
import type { RunMessage, TaskWork } from './run.ts';
import { append, newWork, type Draft } from './run-state.ts';
import { change } from './task-change.ts';
import { isFinished, required, type Act, type Task, type TaskChange } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { TEXT_LIMITS } from './vocabulary.ts';
import { work, type Outcome, type Work } from './work.ts';

export interface ReplyText {
  readonly text: string;
  /** Interrupts what is going on. */
  readonly now: boolean;
}

export interface Replying extends ReplyText {
  /** Undefined for those whom no limit holds. */
  readonly limits?: PersonLimits | undefined;
  /** Where people can read it already. */
  readonly saidIn?: string | undefined;
}

/** `now`: a run hears it at its next step; `next_run`: the next claim; `follow_up`: the task goes on for it. */
export type ReplyDelivery = 'now' | 'next_run' | 'follow_up';

export interface Replied {
  readonly task: Task;
  readonly reply: Reply;
  readonly delivery: ReplyDelivery;
}

export function createReplyUseCases({ clock }: Pick<TaskServiceDeps, 'clock'>) {
  return {
    /** A follow-up takes room at a limited person who queued the task, as a requeue does. */
    reply(id: number, person: Person, wanted: Replying): Work<Replied> {
      requireSubmit(person);
      const open = wanted.limits && withoutRate(wanted.limits);
      const tally = open && tallyFor(actorOf(person, null), open, clock.now());
      return work<'task', Replied>(
        { read: 'task', id, reopens: true, tally },
        (found) => {
          const task = required(found.task, id);
          requireReach(task, person);
          const act = actOf(person, null, clock.now());
          const before = found.run?.work ?? newWork(id, '');
          const reply = newReply(wanted, {
            ...{ number: before.replies + 1, hasSession: before.sessionId !== null },
            ...{ task, person, act },
          });
          const notice = noticeOf(reply, wanted.saidIn);
          const { work: after, messages } = append({ ...before, replies: reply.number }, [notice]);
          if (isFinished(task)) {
            requireReopening(task, { ...found, open }, act);
            return followedUp(task, { reply, work: after, messages }, act);
          }
          const isRunning = task.status === 'in_progress' && found.run?.run != null;
          return {
            result: { task, reply, delivery: isRunning ? 'now' : 'next_run' },
            changes: [replied(task, reply, act)],
            runs: [{ work: after, replies: [reply], messages }],
          };
        },
        speakerOf(person),
      );
    },
  };
}

interface Room {
  readonly hasRoom: boolean;
  readonly open: PersonLimits | undefined;
  readonly tally: Tally | null;
}

function requireReopening(task: Task, { hasRoom, open, tally }: Room, { actor, now }: Act): void {
  if (!hasRoom) throw tooManyLanes();
  if (open && tally && task.createdBy === actor) requireRoom(open, tally, now);
}

function newReply(
  { text, now }: ReplyText,
  by: { number: number; task: Task; hasSession: boolean; person: Person; act: Act },
): Reply {
  return {
    taskId: by.task.id,
    number: by.number,
    text,
    now,
    author: by.act.actor,
    authorName: nameOf(by.person),
    isInText: isFinished(by.task) && !by.hasSession,
    at: by.act.now,
  };
}

/** Whoever follows the task sees what is said to it, too. */
function noticeOf({ number, authorName, text, at }: Reply, saidIn: string | undefined): Draft {
  const data = { reply_id: number, ...(saidIn !== undefined && { said_in: saidIn }) };
  return { run: null, kind: 'notice', text: `${authorName} replied: ${text}`, data, at };
}

function replied(task: Task, reply: Reply, act: Act): TaskChange {
  const details = { reply: reply.number, notes: reply.text };
  return change(task, { ...task, updatedAt: act.now }, { action: 'replied', act, details });
}

interface Made {
  readonly reply: Reply;
  readonly work: TaskWork;
  readonly messages: readonly RunMessage[];
}

/**
 * Without a session there is nothing to go on with, so the reply becomes part of what the task says. Where no run has
 * heard an earlier one, that one still goes along with the next claim, and those after it with it.
 */
function followedUp(task: Task, made: Made, act: Act): Outcome<Replied> {
  const { reply, work, messages } = made;
  const isHeard = reply.isInText && work.repliesTaken === reply.number - 1;
  const { after, ...told } = replied(task, reply, act);
  const described = { ...after, description: reply.isInText ? withText(task, reply) : task.description };
  const again = followUp(described, act);
  return {
    result: { task: again.after, reply, delivery: 'follow_up' },
    changes: [{ ...told, after: described }, again],
    runs: [{ work: isHeard ? { ...work, repliesTaken: reply.number } : work, replies: [reply], messages }],
  };
}

function withText(task: Task, { text, authorName }: Reply): string {
  const longer = `${task.description}\n\n${authorName}: ${text}`;
  if (longer.length <= TEXT_LIMITS.description) return longer;
  const left = Math.max(0, TEXT_LIMITS.description - task.description.length - authorName.length - 4);
  throw new DomainError(
    'invalid_input',
    `Task #${task.id} has no session to go on with, so a reply is added to its text, which holds ${TEXT_LIMITS.description} characters: ${left} are left. Shorten the reply, or submit a new task.`,
    { field: 'text', left },
  );
}
