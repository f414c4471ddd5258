/** The card of a task: one message that shows how the task stands, drawn whole from its row each time. */
import type { APIMessage } from 'discord.js';
import type { Task } from '../../core/task.ts';
import { PRIORITIES } from '../../core/vocabulary.ts';
import { button, row } from './buttons.ts';
import { embed, type Field } from './embed.ts';
import type { ButtonRow, Outgoing } from './outgoing.ts';
import { block, inline, pointerTo } from './text.ts';
import { tellWaiting } from './waiting.ts';
import { budgetText, duration, PRIORITY_LABELS, relative, STATUS_LOOKS } from './words.ts';

/** The field by which a card is known again. */
export const TASK_ID_FIELD = 'Task ID';

/** The task whose card, or whose post, this is. */
export function taskIdOf({ embeds }: Pick<APIMessage, 'embeds'>): number | null {
  const field = embeds[0]?.fields?.find(({ name }) => name === TASK_ID_FIELD);
  const digits = /^#(\d+)$/.exec(field?.value ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Counting further than this would cost more than it tells. */
export const COUNT_AHEAD_UP_TO = 100;

const SHORT_TEXT = 600;

export interface CardFacts {
  /** How many pending tasks stand before it, counted up to COUNT_AHEAD_UP_TO; null when not pending. */
  readonly ahead: number | null;
  /** Its thread, where that is not under the card itself. */
  readonly threadId: string | null;
}

export function taskCard(task: Task, { ahead, threadId }: CardFacts): Outgoing {
  const look = STATUS_LOOKS[task.status];
  const pointer = pointerTo(task.id);
  const fields = [
    { name: TASK_ID_FIELD, value: `#${task.id}` },
    { name: 'Priority', value: PRIORITY_LABELS[task.priority] },
    ...wishes(task),
    ...stateFields(task, ahead),
    threadId === null ? null : { name: 'Thread', value: `<#${threadId}>` },
  ];
  return {
    cardOf: task.id,
    embed: embed({
      title: look.title,
      colour: look.colour,
      description: task.description,
      fields,
      footer: submittedBy(task),
      pointer,
    }),
    rows: rowsOf(task),
    plain: `${look.title} #${task.id} · ${PRIORITY_LABELS[task.priority]} · \`${pointer}\``,
  };
}

/** What it asks for beyond its text. */
function wishes({ project, requires, model, budget }: Task): (Field | null)[] {
  const limits = budgetText(budget);
  return [
    named('Project', project),
    requires.length === 0 ? null : { name: 'Needs', value: inline(requires.join(', '), 200) },
    named('Model', model),
    limits === '' ? null : { name: 'Budget', value: limits },
  ];
}

export function submittedBy(task: Task): string {
  return task.submittedBy === null ? 'Submitted through the API' : `Submitted by ${task.submittedBy}`;
}

function stateFields(task: Task, ahead: number | null): (Field | null)[] {
  const instance = task.instanceName ?? task.instanceId;
  switch (task.status) {
    case 'pending':
      return [position(task, ahead), target(task), attempts(task), lastError(task)];
    case 'in_progress':
      return [
        named('Instance', instance),
        since('Started', task.claimedAt),
        attempts(task),
        text(task, 'Notes', task.notes),
        lastError(task),
      ];
    case 'completed':
      return [named('Instance', instance), took(task), text(task, 'Notes', task.notes)];
    case 'failed':
      return [named('Instance', instance), took(task), attempts(task), text(task, 'Reason', task.error)];
    case 'cancelled':
      return [named('Instance', instance), since('Cancelled', task.completedAt)];
  }
}

function position(task: Task, ahead: number | null): Field | null {
  if (task.parked !== null) return { name: 'Position', value: tellWaiting(task.parked) };
  if (task.notBefore !== null) return { name: 'Position', value: `not before ${relative(task.notBefore)}` };
  if (ahead === null) return null;
  if (ahead === 0) return { name: 'Position', value: '1 (next)' };
  return {
    name: 'Position',
    value: ahead >= COUNT_AHEAD_UP_TO ? `over ${COUNT_AHEAD_UP_TO}` : `${ahead + 1}`,
  };
}

function target(task: Task): Field | null {
  return named('Only for', task.target);
}

function named(name: string, value: string | null): Field | null {
  return value === null ? null : { name, value: inline(value, 100) };
}

function since(name: string, time: Date | null): Field | null {
  return time === null ? null : { name, value: relative(time) };
}

function took({ claimedAt, completedAt }: Task): Field | null {
  if (claimedAt === null || completedAt === null) return null;
  return { name: 'Duration', value: duration(completedAt.getTime() - claimedAt.getTime()) };
}

function attempts(task: Task): Field | null {
  return task.attempt === 0 ? null : { name: 'Attempt', value: `${task.attempt} of ${task.maxAttempts}` };
}

function lastError(task: Task): Field | null {
  return text(task, 'Last problem', task.error);
}

function text({ id }: Task, name: string, value: string | null): Field | null {
  return value === null ? null : { name, value: block(value, SHORT_TEXT, pointerTo(id)), isWide: true };
}

function rowsOf(task: Task): ButtonRow[] {
  const cancel = button({ verb: 'cancel', number: task.id }, { label: 'Cancel', style: 'danger' });
  const isHighest = task.priority === PRIORITIES[0];
  const raise = button({ verb: 'raise', number: task.id }, { label: 'Raise priority', isOff: isHighest });
  switch (task.status) {
    case 'pending':
      return [row(raise, cancel)];
    case 'in_progress':
      return [row(cancel)];
    case 'failed':
    case 'cancelled':
      return [row(button({ verb: 'requeue', number: task.id }, { label: 'Requeue' }))];
    case 'completed':
      return [];
  }
}
