import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskEvent } from '../../../src/core/event.ts';
import { LINES } from '../../../src/frontends/discord/lines.ts';
import { report } from '../../contracts/run-world.ts';
import { running } from './runs-on-stage.ts';
import { headlines, openStage, type Stage } from './stage.ts';

describe('what each event makes', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.twin.unknownRoutes).toEqual([]);
  });

  const channel = () => stage.twin.channel('claude-tasks');

  async function submitByApi(description = 'Deploy the monitoring stack') {
    const task = await stage.store.decide(stage.tasks.submit({ description, submittedBy: 'curl' }));
    await stage.relay.run();
    return task;
  }

  async function claim(id: number) {
    const by = { instanceId: 'macbook', instanceName: 'MacBook-Claude' };
    const claimed = await stage.store.decide(stage.tasks.claim(id, by));
    await stage.relay.run();
    return claimed;
  }

  test('a task from elsewhere gets a card in the notification channel', async () => {
    const task = await submitByApi();
    const [card] = channel().messages;
    expect(card?.embeds[0]).toMatchObject({
      title: '📋 Task Queued',
      description: 'Deploy the monitoring stack',
      color: 0x3498db,
      fields: [
        { name: 'Task ID', value: `#${task.id}` },
        { name: 'Priority', value: '🟡 Medium' },
        { name: 'Position', value: '1 (next)' },
      ],
      footer: { text: 'Submitted by curl' },
    });
    expect(card?.controls.map(({ label }) => label)).toEqual(['Raise priority', 'Cancel']);
  });

  test('a task from Discord: the reply is the card, and nothing else is posted', async () => {
    const asked = stage.twin.user('alice').slash('task', { description: 'Deploy', priority: 'high' });
    const card = await asked.message();
    await stage.relay.run();
    expect(await asked.answer()).toMatchObject({ kind: 'deferred', isEphemeral: false });
    expect(channel().messages).toEqual([card]);
    expect(card.embeds[0]).toMatchObject({
      title: '📋 Task Queued',
      footer: { text: 'Submitted by @alice' },
    });
    expect(card.text).toContain('🔴 High');
    expect(await stage.store.memory('discord').link(1, 'card')).toEqual({
      channelId: channel().id,
      messageId: card.id,
    });
    expect(await stage.store.task(1)).toMatchObject({ submittedBy: '@alice' });
  });

  test('claimed: a silent line, and the card is in progress', async () => {
    const { id } = await submitByApi();
    await claim(id);
    expect(headlines(channel().messages)).toEqual([
      '🔄 Task In Progress',
      '🔄 Task #1 claimed by MacBook-Claude',
    ]);
    expect(channel().messages[1]).toMatchObject({ isSilent: true });
    expect(channel().messages[0]?.text).toContain('MacBook-Claude');
  });

  test('released, expired and requeued: a silent line with the reason', async () => {
    const { id } = await submitByApi();
    const first = await claim(id);
    const release = { reason: 'Wrong machine', retryInMs: 0 };
    await stage.store.decide(stage.tasks.release(id, { leaseId: first.leaseId }, release));
    await stage.relay.run();
    await stage.store.decide(stage.tasks.cancel(id, {}));
    await stage.store.decide(stage.tasks.requeue(id, { actor: 'discord:123456789012345678' }));
    await stage.relay.run();
    const lines = channel().messages.slice(2);
    expect(lines.map(({ content }) => content)).toEqual([
      '↩️ Task #1 given back by MacBook-Claude\nReason: Wrong machine',
      '',
      '📋 Task #1 requeued by <@123456789012345678>\nReason: It was cancelled.',
    ]);
    expect(lines[0]?.isSilent).toBe(true);
    expect(lines[2]?.isSilent).toBe(true);
    expect(headlines(channel().messages)[0]).toBe('📋 Task Queued');
  });

  test('a failed attempt with others left: a silent line that counts', async () => {
    const { id } = await submitByApi();
    const { leaseId } = await claim(id);
    const failure = { error: 'Disk full', retry: true, retryInMs: 0 };
    await stage.store.decide(stage.tasks.fail(id, { leaseId }, failure));
    await stage.relay.run();
    expect(channel().messages.at(-1)).toMatchObject({
      content: '🔁 Task #1 back in the queue (1 of 3)\nReason: Disk full',
      isSilent: true,
    });
    expect(channel().messages[0]?.text).toContain('Last problem: Disk full');
  });

  test('a parked task is not said to be the next: its card says what it waits for', async () => {
    const { id } = await submitByApi();
    const run = await running(stage, id);
    const parked = { kind: 'parked', waitsFor: 'quota', until: null } as const;
    await stage.store.decide(
      stage.tasks.release(
        id,
        { leaseId: run.leaseId },
        { retryInMs: 0, reason: 'No quota left.', cause: parked, report: report({ outcome: 'parked' }) },
      ),
    );
    await stage.relay.run();
    const { fields } = channel().messages[0]!.embeds[0]!;
    const position = fields?.find(({ name }) => name === 'Position')?.value;
    expect(position).toMatch(/^waits for quota, until <t:\d+:R>: No quota left$/);
  });

  test('what is cut says where the rest is: on silent lines and in the fields of a card', async () => {
    const rest = '… (shortened; all of it: `claude-task-client show 1`)';
    const long = 'word '.repeat(200).trim();
    const card = () => channel().messages[0]!.embeds[0]!;
    const field = (name: string) => card().fields?.find((one) => one.name === name)?.value;
    const line = () => channel().messages.at(-1)!.content;
    const { id } = await submitByApi();
    let { leaseId } = await claim(id);
    await stage.store.decide(stage.tasks.setStatus(id, {}, { notes: long }));
    await stage.relay.run();
    expect(field('Notes')).toMatch(/^(word )+word\n… /);
    expect(field('Notes')).toContain(rest);
    const once = { error: long, retry: true, retryInMs: 0 };
    await stage.store.decide(stage.tasks.fail(id, { leaseId }, once));
    await stage.relay.run();
    expect(line()).toMatch(/^🔁 .*\nReason: (word )+word… /);
    expect(line()).toContain(rest);
    expect(field('Last problem')).toContain(rest);
    ({ leaseId } = await claim(id));
    const reason = long.slice(0, 500);
    await stage.store.decide(stage.tasks.release(id, { leaseId }, { reason, retryInMs: 60_000 }));
    await stage.relay.run();
    expect(line()).toContain(`${rest}\nNot before <t:`);
    ({ leaseId } = await claim(id));
    await stage.store.decide(stage.tasks.fail(id, { leaseId }, { ...once, retry: false }));
    await stage.relay.run();
    expect(field('Reason')).toContain(rest);
  });

  test('an attempt whose time ran out: its line says where the rest of the reason is', () => {
    const details = { title: 'Deploy', reason: 'word '.repeat(100).trim() };
    const event = { taskId: 1, actor: 'system', action: 'expired', instanceId: null, details };
    expect(LINES.expired?.(event as TaskEvent, null).content).toMatch(
      /^⏰ .*word… \(shortened; all of it: `claude-task-client show 1`\)$/s,
    );
  });

  test('completed: a new message with notes, duration, instance and the next task; it mentions the submitter once', async () => {
    const alice = stage.twin.user('alice');
    await alice.slash('task', { description: 'Deploy' }).message();
    await stage.relay.run();
    const { leaseId } = await claim(1);
    await submitByApi('Then this');
    stage.clock.advance(252_000);
    await stage.store.decide(stage.tasks.complete(1, { leaseId }, 'All panels are green.'));
    await stage.relay.run();
    const end = channel().messages.at(-1)!;
    expect(end).toMatchObject({ content: alice.mention, isSilent: false });
    expect(end.embeds[0]).toMatchObject({
      title: '✅ Task #1 Completed!',
      description: 'All panels are green.',
      fields: [
        { name: 'Task', value: 'Deploy' },
        { name: 'Instance', value: 'MacBook-Claude' },
        { name: 'Duration', value: '4 min 12 s' },
        { name: 'Next', value: '#2 Then this' },
      ],
    });
    expect(stage.twin.pings).toEqual([
      {
        messageId: end.id,
        channelId: channel().id,
        isSilent: false,
        users: [alice.id],
        roles: [],
        everyone: false,
      },
    ]);
    expect(headlines(channel().messages)[0]).toBe('✅ Task Completed');
    expect(channel().messages[0]?.controls).toEqual([]);
  });

  test('failed for good: a new message with the reason and a way back', async () => {
    const { id } = await submitByApi();
    const { leaseId } = await claim(id);
    await stage.store.decide(
      stage.tasks.fail(id, { leaseId }, { error: 'No such host', retry: false, retryInMs: 0 }),
    );
    await stage.relay.run();
    const end = channel().messages.at(-1)!;
    expect(end.embeds[0]).toMatchObject({ title: '❌ Task #1 failed', description: 'No such host' });
    expect(end.controls.map(({ label }) => label)).toEqual(['Requeue']);
    expect(stage.twin.pings).toEqual([]);
    const pressed = stage.twin.user('bob').clickButton(end, 'Requeue');
    expect(await pressed.answer()).toMatchObject({ kind: 'deferred-update' });
    expect((await pressed.followUp()).content).toBe('📋 Task #1 is back in the queue.');
    await stage.relay.run();
    expect(headlines(channel().messages)[0]).toBe('📋 Task Queued');
  });

  test('cancelled: a new message that says by whom and pings nobody', async () => {
    const { id } = await submitByApi();
    const bob = stage.twin.user('bob');
    await bob.slash('cancel', { task_id: String(id) }).message();
    await stage.relay.run();
    const end = channel().messages.at(-1)!;
    expect(end.embeds[0]).toMatchObject({ title: '🚫 Task #1 cancelled', description: `By ${bob.mention}` });
    expect(end.isSilent).toBe(false);
    expect(stage.twin.pings).toEqual([]);
    expect(headlines(channel().messages)[0]).toBe('🚫 Task Cancelled');
  });

  test('priority, notes and description change the card alone', async () => {
    const { id } = await submitByApi();
    await stage.store.decide(stage.tasks.changePriority(id, {}, 'high'));
    await stage.relay.run();
    await stage.store.decide(stage.tasks.edit(id, {}, 'Deploy the other stack'));
    await stage.relay.run();
    await claim(id);
    await stage.store.decide(stage.tasks.setStatus(id, {}, { notes: 'Half way' }));
    await stage.relay.run();
    expect(channel().messages).toHaveLength(2);
    const card = channel().messages[0]!;
    expect(card.text).toContain('🔴 High');
    expect(card.text).toContain('Deploy the other stack');
    expect(card.text).toContain('Notes: Half way');
  });
});
