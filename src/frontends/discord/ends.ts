/** An end is news: a new message that people are notified of, with the submitter mentioned once. */
import type { TaskEvent } from '../../core/event.ts';
import { button, row } from './buttons.ts';
import { embed, type Field } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { block, inline, pointerTo } from './text.ts';
import { factsOf } from './thread-end.ts';
import { actorName, duration, STATUS_LOOKS, userIdOf } from './words.ts';

export function completed(event: TaskEvent, cardUrl: string | null, hasThread = false): Outgoing {
  const { details, taskId } = event;
  const title = `✅ Task #${taskId} Completed!`;
  return {
    ...toSubmitter(event),
    embed: embed({
      title,
      colour: STATUS_LOOKS.completed.colour,
      description: details.notes,
      fields: [...facts(event), ...result(event, hasThread), nextTask(event), card(cardUrl)],
      pointer: pointerTo(taskId),
    }),
    plain: `${title} \`${pointerTo(taskId)}\``,
  };
}

export function failed(event: TaskEvent, cardUrl: string | null, hasThread = false): Outgoing {
  const { details, taskId } = event;
  const title = `❌ Task #${taskId} failed`;
  return {
    ...toSubmitter(event),
    embed: embed({
      title,
      colour: STATUS_LOOKS.failed.colour,
      description: details.error ?? details.reason ?? 'No reason was given.',
      fields: [...facts(event), attempts(event), ...result(event, hasThread), card(cardUrl)],
      pointer: pointerTo(taskId),
    }),
    rows: [row(button({ verb: 'requeue', number: taskId }, { label: 'Requeue', style: 'primary' }))],
    plain: `${title} \`${pointerTo(taskId)}\``,
  };
}

export function cancelled(event: TaskEvent, cardUrl: string | null, hasThread = false): Outgoing {
  const { details, taskId, actor } = event;
  const title = `🚫 Task #${taskId} cancelled`;
  const reason =
    details.reason === undefined ? [] : [`Reason: ${inline(details.reason, 500, pointerTo(taskId))}`];
  return {
    embed: embed({
      title,
      colour: STATUS_LOOKS.cancelled.colour,
      description: [`By ${actorName(actor, details.instance_name)}`, ...reason].join('\n'),
      fields: [task(event), ...result(event, hasThread), card(cardUrl)],
      pointer: pointerTo(taskId),
    }),
    plain: title,
  };
}

/** Whom to notify comes from Discord itself, never from text; a task from elsewhere notifies nobody. */
function toSubmitter({ details }: TaskEvent): { content?: string; mention?: string } {
  const userId = userIdOf(details.submitter);
  return userId === null ? {} : { content: `<@${userId}>`, mention: userId };
}

function facts(event: TaskEvent): (Field | null)[] {
  const { details, instanceId } = event;
  const instance = details.instance_name ?? instanceId;
  return [
    task(event),
    instance === null ? null : { name: 'Instance', value: inline(instance, 100) },
    details.duration_ms === undefined ? null : { name: 'Duration', value: duration(details.duration_ms) },
  ];
}

/** Of a worker's task without a thread: what would be told there. */
function result({ details, taskId }: TaskEvent, hasThread: boolean): (Field | null)[] {
  if (hasThread || details.result === undefined) return [];
  const { summary } = details.result;
  const isSaid = summary === null || summary === details.notes || summary === details.error;
  const said = isSaid ? null : block(summary, SUMMARY_LENGTH, pointerTo(taskId));
  return [said === null ? null : { name: 'Summary', value: said, isWide: true }, ...factsOf(details.result)];
}

const SUMMARY_LENGTH = 500;

function task({ details }: TaskEvent): Field {
  return { name: 'Task', value: inline(details.title, 200), isWide: true };
}

function attempts({ details }: TaskEvent): Field | null {
  if (details.attempt === undefined || details.max_attempts === undefined) return null;
  return { name: 'Attempts', value: `${details.attempt} of ${details.max_attempts}` };
}

function nextTask({ details }: TaskEvent): Field | null {
  if (details.next_task === undefined) return null;
  const { id, title } = details.next_task;
  return { name: 'Next', value: `#${id} ${inline(title, 200)}`, isWide: true };
}

function card(url: string | null): Field | null {
  return url === null ? null : { name: 'Card', value: url };
}
