/** The notification channel against the trail: each event once and in order, each card final, each ping allowed. */
import type { EventRow, Tables, TaskRow } from './tables.ts';
import { groupBy } from './history.ts';
import { tokenIn } from '../journal.ts';

/** What the oracle reads of a message. */
export interface Seen {
  readonly id: string;
  /** As it was sent first; cards change later. */
  readonly first: Shown;
  readonly now: Shown;
  /** An answer to somebody's command. */
  readonly isReply: boolean;
}

export interface Shown {
  readonly content: string;
  readonly title: string;
  readonly description: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface SeenPing {
  readonly messageId: string;
  readonly users: readonly string[];
  readonly isWide: boolean;
}

export interface Channel {
  /** Everything of the bot's that everybody sees, oldest first. */
  readonly messages: readonly Seen[];
  readonly pings: readonly SeenPing[];
}

const LINES: readonly (readonly [string, RegExp])[] = [
  ['claimed', /🔄 Task #(\d+) claimed/],
  ['released', /↩️ Task #(\d+) given back/],
  ['expired', /⏰ Task #(\d+) back/],
  ['retried', /🔁 Task #(\d+) back/],
  ['requeued', /📋 Task #(\d+) requeued/],
  ['completed', /✅ Task #(\d+) Completed!/],
  ['failed', /❌ Task #(\d+) failed/],
  ['cancelled', /🚫 Task #(\d+) cancelled/],
];
const SILENT = ['edited', 'priority_changed', 'notes_updated'];

const TITLES: Readonly<Record<string, string>> = {
  pending: '📋 Task Queued',
  in_progress: '🔄 Task In Progress',
  completed: '✅ Task Completed',
  failed: '❌ Task Failed',
  cancelled: '🚫 Task Cancelled',
};
const PRIORITIES: Readonly<Record<string, string>> = { high: '🔴 High', medium: '🟡 Medium', low: '🟢 Low' };

export function checkChannel(channel: Channel, tables: Tables): string[] {
  const fromDiscord = new Set(tables.tasks.filter(({ origin_ref: ref }) => ref !== null).map(({ id }) => id));
  const expected = tables.events.flatMap((event) => lineOfEvent(event, fromDiscord));
  const seen = channel.messages.flatMap((message) => lineOfMessage(message, fromDiscord));
  return [...compareLines(expected, seen), ...checkCards(channel, tables), ...checkPings(channel, tables)];
}

/** How many messages the channel got for events. */
export function countDelivered(channel: Channel): number {
  return channel.messages.filter((message) => !message.isReply || cardTask(message.now) !== null).length;
}

function lineOfEvent(event: EventRow, fromDiscord: ReadonlySet<number>): string[] {
  const { action, task_id: id, details } = event;
  if (SILENT.includes(action)) return [];
  // Its card is the reply, or stands wherever the relay had to put it; there is one (`checkCards`).
  if (action === 'created') return fromDiscord.has(id) ? [] : [`card #${id}`];
  return [`${action} #${id}${action === 'claimed' ? ` ${tokenIn(details.instance_name) ?? ''}` : ''}`];
}

function lineOfMessage({ id, first, isReply }: Seen, fromDiscord: ReadonlySet<number>): string[] {
  if (isReply) return [];
  const card = cardTask(first);
  if (card !== null) return fromDiscord.has(card) ? [] : [`card #${card}`];
  const text = `${first.content}\n${first.title}`;
  for (const [action, pattern] of LINES) {
    const task = pattern.exec(text)?.[1];
    if (task !== undefined)
      return [`${action} #${task}${action === 'claimed' ? ` ${tokenIn(first.content) ?? ''}` : ''}`];
  }
  return [`strange message ${id}: ${text.slice(0, 80)}`];
}

function cardTask({ fields }: Shown): number | null {
  const digits = /^#(\d+)$/.exec(fields['Task ID'] ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

function compareLines(expected: readonly string[], seen: readonly string[]): string[] {
  const wanted = groupBy(expected, (line) => line);
  const found = groupBy(seen, (line) => line);
  const wrong = [...new Set([...expected, ...seen])].flatMap((line) => {
    const [should, is] = [wanted.get(line)?.length ?? 0, found.get(line)?.length ?? 0];
    if (is < should) return [`missing in the channel: ${line} (${is} of ${should})`];
    return is > should ? [`doubled in the channel: ${line} (${is} instead of ${should})`] : [];
  });
  if (wrong.length > 0) return wrong;
  const at = expected.findIndex((line, index) => line !== seen[index]);
  return at === -1
    ? []
    : [`out of order in the channel: ${seen[at] ?? ''} where ${expected[at] ?? ''} belongs (line ${at + 1})`];
}

function checkCards({ messages }: Channel, { tasks, links }: Tables): string[] {
  const cards = groupBy(
    messages.filter(({ now }) => cardTask(now) !== null),
    ({ now }) => cardTask(now),
  );
  const linked = new Map(links.map((link) => [link.task_id, link.message_id]));
  return tasks.flatMap((task) => {
    const mine = cards.get(task.id) ?? [];
    const [card] = mine;
    if (card === undefined || mine.length > 1) return [`task #${task.id} has ${mine.length} cards`];
    if (linked.get(task.id) !== card.id)
      return [`the card of task #${task.id} is ${card.id}, remembered is ${linked.get(task.id) ?? 'none'}`];
    return checkCard(task, card.now);
  });
}

function checkCard(task: TaskRow, { title, description, fields }: Shown): string[] {
  const pairs = [
    [title, TITLES[task.status]],
    [fields['Priority'], PRIORITIES[task.priority]],
    [description, task.description],
  ];
  return pairs.flatMap(([shown, real]) =>
    shown === real ? [] : [`the card of task #${task.id} shows "${shown ?? ''}" instead of "${real ?? ''}"`],
  );
}

/** Ends for good mention whoever asked for the task in Discord, once. Nothing else notifies anybody. */
function checkPings({ messages, pings }: Channel, { tasks, events }: Tables): string[] {
  const submitters = new Map(tasks.map((task) => [task.id, /^discord:(\d+)$/.exec(task.created_by)?.[1]]));
  const due = events.filter(
    ({ action, task_id: id }) =>
      (action === 'completed' || action === 'failed') && submitters.get(id) !== undefined,
  );
  const byId = new Map(messages.map((message) => [message.id, message]));
  const wrong = pings.flatMap((ping) => {
    const title = byId.get(ping.messageId)?.first.title ?? '';
    if (isAllowed(ping, submitters.get(taskOfEnd(title)))) return [];
    return [
      `message ${ping.messageId} ("${title}") notified ${ping.users.join(', ')}${ping.isWide ? ' and more' : ''}`,
    ];
  });
  if (pings.length !== due.length) wrong.push(`${pings.length} mentions for ${due.length} ends`);
  return wrong;
}

function taskOfEnd(title: string): number {
  const found = /^(?:✅ Task #(\d+) Completed!|❌ Task #(\d+) failed)$/.exec(title);
  return Number(found?.[1] ?? found?.[2]);
}

function isAllowed({ users, isWide }: SeenPing, submitter: string | undefined): boolean {
  return !isWide && submitter !== undefined && users.length === 1 && users[0] === submitter;
}
