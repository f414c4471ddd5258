/** How the domain's words look to people: labels, colours, durations, times and names. */
import type { TaskBudget } from '../../core/task.ts';
import type { Actor, EventAction, Priority, TaskStatus } from '../../core/vocabulary.ts';
import { inline } from './text.ts';

export const PRIORITY_LABELS: Readonly<Record<Priority, string>> = {
  high: '🔴 High',
  medium: '🟡 Medium',
  low: '🟢 Low',
};

export const PRIORITY_DOTS: Readonly<Record<Priority, string>> = { high: '🔴', medium: '🟡', low: '🟢' };

export const STATUS_LOOKS: Readonly<Record<TaskStatus, { icon: string; title: string; colour: number }>> = {
  pending: { icon: '📋', title: '📋 Task Queued', colour: 0x34_98_db },
  in_progress: { icon: '🔄', title: '🔄 Task In Progress', colour: 0x58_65_f2 },
  completed: { icon: '✅', title: '✅ Task Completed', colour: 0x2e_cc_71 },
  failed: { icon: '❌', title: '❌ Task Failed', colour: 0xed_42_45 },
  cancelled: { icon: '🚫', title: '🚫 Task Cancelled', colour: 0x95_a5_a6 },
};

/** How a summary counts each kind of event; null: not worth a word. */
export const ACTION_COUNTS: Readonly<Record<EventAction, string | null>> = {
  created: 'queued',
  claimed: 'claimed',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  retried: 'tried again',
  expired: 'lost and back in the queue',
  released: 'given back',
  requeued: 'requeued',
  priority_changed: null,
  notes_updated: null,
  replied: null,
  edited: null,
};

export function dollars(usd: number): string {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** `$5.00, 20 turns`; empty without any. */
export function budgetText({ costUsd, tokens, turns, minutes }: TaskBudget): string {
  const parts = [
    ...(costUsd === null ? [] : [dollars(costUsd)]),
    ...(tokens === null ? [] : [`${tokens.toLocaleString('en-US')} tokens`]),
    ...(turns === null ? [] : [plural(turns, 'turn')]),
    ...(minutes === null ? [] : [`${minutes} min`]),
  ];
  return parts.join(', ');
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** The two largest units: `4 min 12 s`, `3 h`, `under 1 s`. */
export function duration(ms: number): string {
  let seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds === 0) return 'under 1 s';
  const parts: string[] = [];
  for (const [name, length] of UNITS) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count > 0) parts.push(`${count} ${name}`);
    // A small unit says nothing beside one two steps larger, so a gap ends it as well.
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** Shown by each reader's own client, in their language and time zone, and kept up to date by it. */
export function relative(time: Date): string {
  return `<t:${Math.floor(time.getTime() / 1000)}:R>`;
}

/** Rounded up to the second that Discord shows: whoever waits for it is not early. */
export function timeOfDay(time: Date): string {
  return `<t:${Math.ceil(time.getTime() / 1000)}:t>`;
}

export function absolute(time: Date): string {
  return `<t:${Math.floor(time.getTime() / 1000)}:f>`;
}

/** In the owner's time zone, for places where Discord does not draw its own times. */
export function inZone(time: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(time);
}

/** The Discord user behind an actor, if there is one: the only people who may ever be mentioned. */
export function userIdOf(actor: Actor | undefined): string | null {
  return /^discord:(\d{15,21})$/.exec(actor ?? '')?.[1] ?? null;
}

export function actorName(actor: Actor, instanceName?: string): string {
  const userId = userIdOf(actor);
  if (userId !== null) return `<@${userId}>`;
  if (actor === 'operator') return 'the operator';
  if (actor === 'system') return 'Athena';
  return inline(instanceName ?? actor.slice(actor.indexOf(':') + 1), 100);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
