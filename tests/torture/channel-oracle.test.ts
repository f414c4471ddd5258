/** The channel's judge judged: doubled, missing and misplaced messages, stale cards, people notified wrongly. */
import { expect, it } from 'vitest';
import { checkChannel, type Channel, type Seen, type Shown } from '../../torture/oracle/channel.ts';
import type { Tables } from '../../torture/oracle/tables.ts';
import { evidence } from './evidence.ts';

const show = (more: Partial<Shown>): Shown => ({
  content: '',
  title: '',
  description: '',
  fields: {},
  ...more,
});
const line = (id: string, content: string): Seen => ({
  id,
  first: show({ content }),
  now: show({ content }),
  isReply: false,
});
const titled = (id: string, title: string): Seen => ({
  id,
  first: show({ title }),
  now: show({ title }),
  isReply: false,
});

function card(id: string, task: number, now: Partial<Shown>): Seen {
  const fields = { 'Task ID': `#${task}`, Priority: '🟡 Medium' };
  return {
    id,
    first: show({ title: '📋 Task Queued', fields }),
    now: show({ fields, ...now }),
    isReply: false,
  };
}

/** All that the evidence's events make, and nothing else. */
function faultless() {
  const messages = [
    card('c1', 1, { title: '✅ Task Completed', description: 'op1 first' }),
    line('m2', '🔄 Task #1 claimed by mac op2'),
    titled('m3', '✅ Task #1 Completed!'),
    card('c2', 2, { title: '📋 Task Queued', description: 'op4 second' }),
    line('m5', '🔄 Task #2 claimed by mac op5'),
    line('m6', '🔁 Task #2 back in the queue (1 of 3)\nReason: op6 went wrong'),
    line('m7', '🔄 Task #2 claimed by mac op7'),
    titled('m8', '❌ Task #2 failed'),
    line('m9', '📋 Task #2 requeued by the operator'),
  ];
  const made = evidence();
  const links = [1, 2].map((id) => ({ task_id: id, channel_id: 'channel', message_id: `c${id}` }));
  return {
    made,
    messages,
    pings: [] as Channel['pings'][number][],
    tables: (): Tables => ({ ...made.tables(), links }),
  };
}

type World = ReturnType<typeof faultless>;

function after(spoil: (world: World) => unknown): string[] {
  const world = faultless();
  spoil(world);
  return checkChannel(world, world.tables());
}

/** Task #1 was asked for by a person, whose reply is its card. */
function fromDiscord({ made, messages }: World): void {
  Object.assign(made.tasks[0]!, { created_by: 'discord:77', origin_ref: '1:2' });
  messages[0] = { ...messages[0]!, isReply: true };
}

it('finds nothing where each event stands once and in order', () => {
  expect(after(() => undefined)).toEqual([]);
});

it('notices a message that is missing, doubled, strange or out of order', () => {
  expect(after(({ messages }) => messages.splice(1, 1))).toEqual([
    'missing in the channel: claimed #1 op2 (0 of 1)',
  ]);
  expect(after(({ messages }) => messages.push(messages[5]!))).toEqual([
    'doubled in the channel: retried #2 (2 instead of 1)',
  ]);
  expect(after(({ messages }) => messages.push(line('m10', 'hello')))).toEqual([
    expect.stringContaining('strange message m10'),
  ]);
  expect(after(({ messages }) => messages.splice(4, 2, messages[5]!, messages[4]!))).toEqual([
    'out of order in the channel: retried #2 where claimed #2 op5 belongs (line 5)',
  ]);
});

it('notices a card that is doubled, missing, stale or not the one that is remembered', () => {
  const second = (world: World) => {
    fromDiscord(world);
    world.messages.push(card('c9', 1, { title: '✅ Task Completed', description: 'op1 first' }));
    world.pings.push({ messageId: 'm3', users: ['77'], isWide: false });
  };
  expect(after(second)).toEqual(['task #1 has 2 cards']);
  expect(after(({ messages }) => messages.splice(3, 1))).toContainEqual('task #2 has 0 cards');
  const stale = card('c2', 2, { title: '❌ Task Failed', description: 'op4 second' });
  expect(after(({ messages }) => (messages[3] = stale))).toEqual([
    'the card of task #2 shows "❌ Task Failed" instead of "📋 Task Queued"',
  ]);
  const other = card('c7', 2, { title: '📋 Task Queued', description: 'op4 second' });
  expect(after(({ messages }) => (messages[3] = other))).toEqual([
    'the card of task #2 is c7, remembered is c2',
  ]);
});

it('lets an end mention whoever asked in Discord, once, and nobody else', () => {
  const mention = { messageId: 'm3', users: ['77'], isWide: false };
  const pinging = (...pings: Channel['pings'][number][]) =>
    after((world) => {
      fromDiscord(world);
      world.pings.push(...pings);
    });
  expect(pinging(mention)).toEqual([]);
  expect(pinging()).toEqual(['0 mentions for 1 ends']);
  expect(pinging(mention, mention)).toEqual(['2 mentions for 1 ends']);
  expect(pinging({ ...mention, users: ['78'] })).toEqual([expect.stringContaining('notified 78')]);
  expect(pinging({ ...mention, isWide: true })).toEqual([expect.stringContaining('and more')]);
  expect(pinging({ ...mention, messageId: 'm8' })).toEqual([expect.stringContaining('Task #2 failed')]);
});
