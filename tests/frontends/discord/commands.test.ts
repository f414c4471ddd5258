import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, openStage, type Stage } from './stage.ts';

describe('commands', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.twin.unknownRoutes).toEqual([]);
    expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const alice = () => stage.twin.user('alice');
  const submit = (description: string, more: object = {}) =>
    stage.store.decide(stage.tasks.submit({ description, ...more }));
  const claim = (id: number, name = 'macbook') =>
    stage.store.decide(stage.tasks.claim(id, { instanceId: name, instanceName: name }));

  test('/task without a description opens a form that keeps what was given', async () => {
    const form = await alice().slash('task', { priority: 'low', machine: 'macbook' }).modal();
    expect(form.inputs).toMatchObject([
      { customId: 'description', style: 2, maxLength: 4000, isRequired: true },
      { customId: 'priority', isRequired: false },
      { customId: 'machine', value: 'macbook' },
    ]);
    const long = 'A long story. '.repeat(250).trim();
    const card = await alice().submitModal(form, { description: long, priority: 'high' }).message();
    expect(card.embeds[0]?.description).toBe(long);
    expect(await stage.store.task(1)).toMatchObject({
      description: long,
      priority: 'high',
      target: 'macbook',
      submittedBy: '@alice',
      createdBy: `discord:${alice().id}`,
    });
    await stage.relay.run();
    expect(stage.twin.channel('claude-tasks').messages).toEqual([card]);
  });

  test('a form that was opened before a restart is taken after it', async () => {
    const form = await alice().slash('task').modal();
    stage = await stage.restart();
    const card = await alice().submitModal(form, { description: 'Still here' }).message();
    expect(card.text).toContain('Still here');
  });

  // Discord counts an emoji as one character, so a form may hold more than its limit as we count.
  test.each([
    [4_050, /^(🚀 )+🚀$/u],
    [6_000, /^(🚀 )+🚀\n… \(shortened; one message holds no more\)$/u],
  ])('a form with %i characters is refused, and its text given back', async (length, given) => {
    const form = await alice().slash('task').modal();
    const lenient = { ...form, inputs: form.inputs.map((input) => ({ ...input, maxLength: 8_000 })) };
    const description = '🚀 '.repeat(length / 3).trim();
    const told = await alice().submitModal(lenient, { description }).message();
    expect(told.isEphemeral).toBe(true);
    expect(told.content).toBe(
      `A description has at most 4000 characters; this one has ${description.length}.`,
    );
    expect(told.embeds[0]).toMatchObject({ title: 'Your text' });
    expect(told.embeds[0]?.description).toMatch(given);
    expect(await stage.store.task(1)).toBeNull();
  });

  test('a form with nothing but spaces is refused without giving them back', async () => {
    const form = await alice().slash('task').modal();
    const told = await alice().submitModal(form, { description: '   ' }).message();
    expect(told.text).toBe('A task needs a description.');
  });

  test('Queue as task fills the form with the message, shortened where it is too long', async () => {
    const said = stage.twin.user('bob').say('The disk on nas-2 is full');
    const form = await alice().messageCommand('Queue as task', said).modal();
    expect(form.inputs[0]).toMatchObject({ customId: 'description', value: 'The disk on nas-2 is full' });
    const card = await alice().submitModal(form).message();
    expect(card.text).toContain('The disk on nas-2 is full');
    const huge = stage.twin.user('bob').say('word '.repeat(1_200));
    const shortened = await alice().messageCommand('Queue as task', huge).modal();
    expect(shortened.inputs[0]!.value.length).toBeLessThanOrEqual(4_000);
    expect(shortened.inputs[0]!.value).toMatch(/word\n… \(shortened; all of it goes along as message.txt\)$/);
    await alice().submitModal(shortened).message();
    const [whole] = await stage.store.attachments(2);
    expect(whole).toMatchObject({
      name: 'message.txt',
      type: 'text/plain',
      bytes: 'word '.repeat(1_200).trim().length,
    });
  });

  test('machine suggests the instances that are known', async () => {
    await submit('one');
    await claim(1, 'macbook');
    const ask = (typed: string) => alice().autocomplete('task', { name: 'machine', typed }).choices();
    expect(await ask('mac')).toEqual([{ name: 'macbook (working)', value: 'macbook' }]);
    expect(await ask('nas')).toEqual([]);
  });

  test('task_id is suggested by number and by words, finished tasks are not', async () => {
    await submit('Deploy the stack');
    await submit('Water the plants');
    await submit('Deploy nothing');
    await stage.store.decide(stage.tasks.cancel(3, {}));
    const ask = (typed: string) => alice().autocomplete('cancel', { name: 'task_id', typed }).choices();
    expect(await ask('deploy')).toEqual([{ name: '#1 🟡 Deploy the stack', value: '1' }]);
    expect(await ask('2')).toEqual([{ name: '#2 🟡 Water the plants', value: '2' }]);
    expect(await ask('#2')).toHaveLength(1);
    expect(await ask('')).toHaveLength(2);
  });

  test('/priority changes a task and tells only the person', async () => {
    await submit('Deploy');
    const asked = alice().slash('priority', { task_id: '#1', level: 'high' });
    const answer = await asked.message();
    expect(answer).toMatchObject({
      isEphemeral: true,
      content: 'Task #1 now has the priority 🔴 High.',
    });
    expect(await stage.store.task(1)).toMatchObject({ priority: 'high' });
  });

  test('/cancel says who was stopped and offers the way back', async () => {
    await submit('Deploy');
    await claim(1);
    const answer = await alice().slash('cancel', { task_id: '1' }).message();
    expect(answer).toMatchObject({ isEphemeral: true });
    expect(answer.content).toContain('🚫 Task #1 is cancelled: Deploy\nmacbook was working on it');
    await alice().clickButton(answer, 'Requeue').followUp();
    expect(await stage.store.task(1)).toMatchObject({ status: 'pending' });
  });

  test.each([
    ['cancel', { task_id: '99' }, 'There is no task #99.'],
    ['cancel', { task_id: 'deploy' }, 'That is no task number.'],
    ['cancel', { task_id: '-3' }, 'That is no task number.'],
    ['cancel', { task_id: '99999999999999999999' }, 'That is no task number.'],
    [
      'priority',
      { task_id: '1', level: 'high' },
      'Task #1 is cancelled and cannot be given another priority.',
    ],
    ['task', { description: '   ' }, null],
  ] as const)('/%s %j is refused for that person alone', async (command, options, text) => {
    await submit('Deploy');
    await stage.store.decide(stage.tasks.cancel(1, {}));
    const asked = alice().slash(command, { ...options });
    // Nothing but spaces is no description: the form opens.
    if (text === null) await asked.modal();
    else expect(await asked.message()).toMatchObject({ isEphemeral: true });
    if (text !== null) expect((await asked.message()).content).toContain(text);
    expect(stage.twin.channel('claude-tasks').messages).toEqual([]);
  });

  test('/status: numbers, the oldest waiting, instances with last seen', async () => {
    await submit('one');
    await submit('two');
    await claim(1);
    const answer = await alice().slash('status').message();
    const seconds = stage.clock.now().getTime() / 1000;
    expect(answer.isEphemeral).toBe(true);
    expect(answer.text).toContain('📋 1 pending · 🔄 1 in progress');
    expect(answer.text).toContain(`Oldest waiting: since <t:${seconds}:R>`);
    expect(answer.text).toContain('Waiting 1 for a free hand');
    expect(answer.text).toContain(
      `🔵 macbook · working on #1 since <t:${seconds}:R> · last seen <t:${seconds}:R>`,
    );
  });

  test('/done: recent results with their duration, as many as asked for', async () => {
    await submit('one');
    await submit('two');
    await claim(1);
    await claim(2);
    stage.clock.advance(65_000);
    await stage.store.decide(stage.tasks.complete(1, {}, 'Fine\nreally'));
    await stage.store.decide(stage.tasks.fail(2, {}, { error: 'Broken', retry: false, retryInMs: 0 }));
    const all = await alice().slash('done').message();
    expect(all.isEphemeral).toBe(true);
    expect(all.text).toContain('✅ **#1** one · 1 min 5 s · macbook');
    expect(all.text).toContain('↳ Fine really');
    expect(all.text).toContain('❌ **#2** two');
    const one = await alice().slash('done', { limit: 1 }).message();
    expect(one.text.match(/#\d/g)).toHaveLength(1);
  });

  test('/athena: version, uptime, queue, commands, how to connect a machine', async () => {
    await submit('one');
    stage.clock.advance(3_900_000);
    const answer = await alice().slash('athena').message();
    expect(answer.isEphemeral).toBe(true);
    for (const part of [
      'Athena 1.2.3',
      '1 h 5 min',
      '1 waiting',
      '/priority',
      'claude-task-client.mjs login',
    ]) {
      expect(answer.text).toContain(part);
    }
  });

  test('a press on a button of an older version is answered', async () => {
    const card = await alice().slash('task', { description: 'x' }).message();
    const pressed = alice().clickButton(card, 'explode:1', { evenIfGone: true });
    expect(await pressed.message()).toMatchObject({ isEphemeral: true });
    expect((await pressed.message()).content).toContain('it was updated');
  });

  test('buttons of a card raise and cancel; the card is drawn by the relay alone', async () => {
    const card = await alice().slash('task', { description: 'x', priority: 'low' }).message();
    await stage.relay.run();
    const bob = stage.twin.user('bob');
    const priority = async () => (await stage.store.task(1))?.priority;
    await bob.clickButton(card, 'Raise priority').answer();
    await eventually(async () => (await priority()) === 'medium');
    await bob.clickButton(card, 'Raise priority').answer();
    await eventually(async () => (await priority()) === 'high');
    const versions = card.versions.length;
    await stage.relay.run();
    expect(card.versions.length).toBeGreaterThan(versions);
    expect(card.text).toContain('🔴 High');
    expect(card.controls.map(({ label, disabled }) => [label, disabled === true])).toEqual([
      ['Raise priority', true],
      ['Cancel', false],
    ]);
    await bob.clickButton(card, 'Cancel').answer();
    await eventually(async () => (await stage.store.task(1))?.status === 'cancelled');
    await stage.relay.run();
    expect(card.text).toContain('🚫 Task Cancelled');
    const late = bob.clickButton(card, 'cancel:1', { evenIfGone: true });
    expect((await late.followUp()).content).toContain('Task #1 is cancelled and cannot be cancelled.');
  });
});
