/** What each event makes in the notification channel, drawn from the event's own details and nothing else. */
import type { TaskEvent } from '../../core/event.ts';
import type { EventAction } from '../../core/vocabulary.ts';
import { cancelled, completed, failed } from './ends.ts';
import type { Outgoing } from './outgoing.ts';
import { inline, pointerTo } from './text.ts';
import { actorName, relative, userIdOf } from './words.ts';

const REASON_LENGTH = 300;

/** `hasThread`: what came of it is told there. */
type Line = (event: TaskEvent, cardUrl: string | null, hasThread?: boolean) => Outgoing;

/** Null: nothing in the channel. `created` makes a card instead of a line. */
export const LINES: Readonly<Record<EventAction, Line | null>> = {
  created: null,
  edited: null,
  priority_changed: null,
  notes_updated: null,
  replied: null,
  claimed: (event, cardUrl) =>
    silent(event, cardUrl, {
      says: `🔄 Task #${event.taskId} claimed by ${holder(event)}`,
      plain: `🔄 Task #${event.taskId} claimed`,
    }),
  released: (event, cardUrl) =>
    silent(event, cardUrl, {
      says: `↩️ Task #${event.taskId} given back by ${holder(event)}${waits(event)}`,
      plain: `↩️ Task #${event.taskId} given back`,
      reason: event.details.reason,
      notBefore: event.details.not_before,
    }),
  expired: (event, cardUrl) =>
    silent(event, cardUrl, {
      says: `⏰ Task #${event.taskId} back in the queue${attempt(event)}${waits(event)}`,
      plain: `⏰ Task #${event.taskId} back in the queue`,
      reason: event.details.error ?? event.details.reason,
    }),
  retried: (event, cardUrl) =>
    silent(event, cardUrl, {
      says: `🔁 Task #${event.taskId} back in the queue${attempt(event)}${waits(event)}`,
      plain: `🔁 Task #${event.taskId} back in the queue`,
      reason: event.details.error ?? event.details.reason,
      notBefore: event.details.not_before,
    }),
  requeued: (event, cardUrl) =>
    event.details.reason === 'follow_up' ? followedUp(event, cardUrl) : requeued(event, cardUrl),
  completed,
  failed,
  cancelled,
};

/** Somebody said more to a task that had ended, or that ended before its run had heard it. */
function followedUp(event: TaskEvent, cardUrl: string | null): Outgoing {
  const userId = userIdOf(event.actor);
  const by = userId === null ? '' : ` by <@${userId}>`;
  const plain = `💬 Task #${event.taskId} goes on with a follow-up`;
  return silent(event, cardUrl, { says: `${plain}${by}`, plain });
}

function requeued(event: TaskEvent, cardUrl: string | null): Outgoing {
  return silent(event, cardUrl, {
    says: `📋 Task #${event.taskId} requeued by ${actorName(event.actor, event.details.instance_name)}`,
    plain: `📋 Task #${event.taskId} requeued`,
    reason: event.details.reason,
  });
}

interface LineParts {
  readonly says: string;
  readonly plain: string;
  readonly reason?: string | undefined;
  readonly notBefore?: string | undefined;
}

function silent(event: TaskEvent, cardUrl: string | null, parts: LineParts): Outgoing {
  const link = cardUrl === null ? '' : ` · ${cardUrl}`;
  const later = parts.notBefore === undefined ? '' : `\nNot before ${relative(new Date(parts.notBefore))}`;
  const pointer = pointerTo(event.taskId);
  const reason =
    parts.reason === undefined ? '' : `\nReason: ${inline(parts.reason, REASON_LENGTH, pointer)}`;
  return { content: `${parts.says}${link}${reason}${later}`, plain: parts.plain, isSilent: true };
}

function holder(event: TaskEvent): string {
  return inline(event.details.instance_name ?? event.instanceId ?? 'an instance', 100);
}

/** A parked task does not go on by itself. */
function waits({ details: { parked } }: TaskEvent): string {
  return parked === undefined ? '' : ` · waits for ${PARKED_FOR[parked]}`;
}

const PARKED_FOR = {
  answer: 'an answer',
  quota: 'quota',
  limit: 'room at a limit',
  budget: 'more budget',
} as const;

function attempt({ details }: TaskEvent): string {
  if (details.attempt === undefined || details.max_attempts === undefined) return '';
  return ` (${details.attempt} of ${details.max_attempts})`;
}
