import { afterEach, describe, expect, test } from 'vitest';
import type { DiscordConfig } from '../../../src/frontends/discord/index.ts';
import { openStage, type Stage } from './stage.ts';

const MINUTE = 60_000;

describe('limits for each person', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const open = async (limits: Partial<DiscordConfig['limits']>, more: Partial<DiscordConfig> = {}) => {
    const none = { openPerPerson: null, submissionsPerHour: null };
    stage = await openStage({ config: { limits: { ...none, ...limits }, ...more } });
  };
  const alice = () => stage.twin.user('alice');
  const ask = (description: string, who = alice()) => who.slash('task', { description });
  const taken = async (description: string, who = alice()) => {
    expect((await ask(description, who).message()).text).toContain('📋 Task Queued');
  };
  const pending = async () => (await stage.store.counts()).counts.pending;

  test('submissions in an hour: the refusal says when the next one is possible, and then it is', async () => {
    await open({ submissionsPerHour: 2 });
    await taken('one');
    const firstAt = stage.clock.now().getTime();
    stage.clock.advance(48 * MINUTE);
    await taken('two');
    const told = await ask('three, and a long story').followUp();
    const at = (firstAt + 60 * MINUTE) / 1_000;
    expect(told).toMatchObject({
      isEphemeral: true,
      content: `You have queued 2 tasks in the last hour, which is the limit. The next one is possible at <t:${at}:t> (<t:${at}:R>).`,
    });
    expect(told.embeds[0]).toMatchObject({ title: 'Your text', description: 'three, and a long story' });
    expect(stage.twin.channel('claude-tasks').messages).toHaveLength(2);
    expect(await pending()).toBe(2);
    stage.clock.advance(12 * MINUTE - 1);
    await ask('still too early').followUp();
    stage.clock.advance(1);
    await taken('three');
    expect((await ask('four').followUp()).content).toContain('The next one is possible at');
  });

  test('open tasks: the refusal says what to do, and an end makes room', async () => {
    await open({ openPerPerson: 2 });
    await taken('one');
    await taken('two');
    const told = await ask('three').followUp();
    expect(told).toMatchObject({ isEphemeral: true });
    expect(told.content).toBe(
      'You have 2 tasks open, which is the limit. The next one is possible as soon as one of them has ended: wait for it, or cancel one. `/queue` shows them, `/cancel` takes one back.',
    );
    await stage.store.decide(stage.tasks.claim(1, { instanceId: 'mac' }));
    await ask('being worked on is open').followUp();
    await stage.store.decide(stage.tasks.complete(1, {}));
    await taken('three');
    await alice().slash('cancel', { task_id: '2' }).message();
    await taken('four');
  });

  test('open tasks: what was cancelled comes back when there is room, and is no new submission', async () => {
    await open({ openPerPerson: 1, submissionsPerHour: 2 });
    await taken('one');
    const cancelled = await alice().slash('cancel', { task_id: '1' }).message();
    await taken('two');
    const told = await alice().clickButton(cancelled, 'Requeue').followUp();
    expect(told).toMatchObject({ isEphemeral: true });
    expect(told.content).toContain('You have 1 task open, which is the limit.');
    expect((await stage.store.task(1))?.status).toBe('cancelled');
    await alice().slash('cancel', { task_id: '2' }).message();
    await alice().clickButton(cancelled, 'Requeue').followUp();
    expect((await stage.store.task(1))?.status).toBe('pending');
  });

  test('open tasks: a reply to what has ended waits for room as well, and is given back', async () => {
    await open({ openPerPerson: 1 });
    await taken('one');
    await alice().slash('cancel', { task_id: '1' }).message();
    await taken('two');
    const reply = (task_id: string) => alice().slash('reply', { task_id, text: 'And the docs' });
    const told = await reply('1').message();
    expect(told.content).toContain('You have 1 task open, which is the limit.');
    expect(told.text).toContain('And the docs');
    expect((await stage.store.task(1))?.status).toBe('cancelled');
    expect((await reply('2').message()).content).toContain('Task #2 takes it along');
    await alice().slash('cancel', { task_id: '2' }).message();
    expect((await reply('1').message()).content).toContain('is back in the queue');
  });

  test('open tasks: those of others, which somebody brings back, take no room', async () => {
    await open({ openPerPerson: 1 });
    await taken('one', stage.twin.user('bob'));
    const cancelled = await alice().slash('cancel', { task_id: '1' }).message();
    await taken('two');
    await alice().clickButton(cancelled, 'Requeue').followUp();
    expect((await stage.store.task(1))?.status).toBe('pending');
  });

  test('forms obey them too, and give the text back', async () => {
    await open({ openPerPerson: 1 });
    await taken('one');
    const form = await alice().slash('task').modal();
    const told = await alice().submitModal(form, { description: 'A long story' }).followUp();
    expect(told).toMatchObject({ isEphemeral: true });
    expect(told.embeds[0]?.description).toBe('A long story');
  });

  test('each person has their own, and tasks of the API count for nobody', async () => {
    await open({ openPerPerson: 1, submissionsPerHour: 1 });
    for (let n = 0; n < 3; n += 1) {
      await stage.store.decide(stage.tasks.submit({ description: 'x', actor: `discord:${alice().id}` }));
    }
    await taken('one');
    await taken('one', stage.twin.user('bob'));
    await ask('two').followUp();
  });

  test('owners have none', async () => {
    await open({ openPerPerson: 1, submissionsPerHour: 1 });
    stage.twin.guild.setOwner(alice().id);
    Object.assign(stage.config, { owners: [stage.twin.user('odin').id] });
    for (const who of [alice(), stage.twin.user('odin')]) {
      for (const description of ['one', 'two', 'three']) await taken(description, who);
    }
  });

  test('of a burst as many are taken as are allowed, and the others are told', async () => {
    await open({ submissionsPerHour: 3 });
    const asked = Array.from({ length: 12 }, (_, n) => ask(`task ${n}`));
    const told = (invocation: (typeof asked)[number]) => invocation.followUps[0]?.content;
    const isSaid = (invocation: (typeof asked)[number]) =>
      told(invocation) !== undefined || invocation.original?.isLoading === false;
    await stage.twin.waitFor(() => asked.every(isSaid), { what: 'twelve answers' });
    expect(asked.filter((one) => told(one)?.startsWith('You have queued 3 tasks'))).toHaveLength(9);
    expect(await pending()).toBe(3);
    await stage.relay.run();
    expect(stage.twin.channel('claude-tasks').messages).toHaveLength(3);
  });
});
