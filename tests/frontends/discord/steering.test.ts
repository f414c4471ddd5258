/** What people say to runs: replies, answers, stops and second chances, and who may. */
import { afterEach, describe, expect, test } from 'vitest';
import type { DiscordConfig } from '../../../src/frontends/discord/index.ts';
import { runButtons } from '../../../src/frontends/discord/run-buttons.ts';
import { asked, finished, post, running } from './runs-on-stage.ts';
import { eventually, openStage, type Stage } from './stage.ts';

describe('steering a run', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const open = async (config: Partial<DiscordConfig> = {}) => {
    stage = await openStage({ config });
    await person('alice').slash('task', { description: 'Deploy it' }).message();
  };
  const person = (name: string, ...roles: string[]) => stage.twin.user(name, { roles });
  const replies = async () =>
    (await stage.store.replies(1, 0)).map(({ authorName, text, now }) => [authorName, text, now]);
  const question = async (id = 1) => (await stage.store.question(id))!;
  const status = async () => (await stage.store.task(1))?.status;

  test('a reply says when it is heard, to whoever wrote it, and carries their name', async () => {
    await open();
    const alice = person('alice');
    const waiting = await alice.slash('reply', { task_id: '1', text: 'Use Postgres' }).message();
    expect(waiting).toMatchObject({
      isEphemeral: true,
      text: '💬 Task #1 takes it along when it is worked on next.',
    });
    const of = await running(stage);
    const heard = await alice.slash('reply', { task_id: '#1', text: 'And tests' }).message();
    expect(heard.text).toBe('💬 The run of task #1 hears it at its next step.');
    const now = await alice.slash('reply', { task_id: '1', text: 'Stop that', now: true }).message();
    expect(now.text).toBe('💬 The run of task #1 is interrupted with it.');
    await finished(stage, of, { lastReply: 3 });
    const later = await alice.slash('reply', { task_id: '1', text: 'One more' }).message();
    expect(later.text).toBe('💬 Task #1 is back in the queue and goes on with it.');
    expect(await replies()).toEqual([
      ['@alice', 'Use Postgres', false],
      ['@alice', 'And tests', false],
      ['@alice', 'Stop that', true],
      ['@alice', 'One more', false],
    ]);
  });

  test('only whoever queued the task, the managing role and the owner of the server may', async () => {
    await open({ manageRoles: ['ops'] });
    await running(stage);
    const no = await person('bob').slash('reply', { task_id: '1', text: 'Delete all of it' }).message();
    expect(no.isEphemeral).toBe(true);
    expect(no.text).toContain(
      'That is for whoever queued the task, for holders of **ops**, and for the owner of this server.',
    );
    expect(no.text).toContain('Delete all of it');
    await person('oleg', 'ops').slash('reply', { task_id: '1', text: 'Go on' }).message();
    stage.twin.guild.setOwner(person('olga').id);
    await person('olga').slash('reply', { task_id: '1', text: 'Yes' }).message();
    expect((await replies()).map(([name]) => name)).toEqual(['@oleg', '@olga']);
  });

  test('where no role is set, being in the channel is not enough', async () => {
    await open();
    const card = await asked(stage, await running(stage));
    const buttons = await post(stage, [runButtons(1, 'stop', 'follow-up', 'retry')]);
    const bob = person('bob');
    for (const refused of [
      await bob.slash('reply', { task_id: '1', text: 'x' }).message(),
      await bob.clickButton(buttons, 'Stop').followUp(),
      await bob.clickButton(buttons, 'Follow up').message(),
      await bob.clickButton(buttons, 'Retry').followUp(),
      await bob.clickButton(card, 'Deny').followUp(),
    ]) {
      expect(refused.isEphemeral).toBe(true);
      expect(refused.text).toContain('was queued by somebody else');
      expect(refused.text).toContain(
        'That is for whoever queued the task, and for the owner of this server.',
      );
    }
    expect(await status()).toBe('in_progress');
    expect((await question()).status).toBe('open');
  });

  test('a task of the API is steered by the managing role alone', async () => {
    await open({ manageRoles: ['ops'] });
    await stage.store.decide(stage.tasks.submit({ description: 'x', submittedBy: '@alice' }));
    const no = await person('alice').slash('reply', { task_id: '2', text: 'x' }).message();
    expect(no.text).toContain('was queued by somebody else');
    expect(
      (await person('oleg', 'ops').slash('reply', { task_id: '2', text: 'x' }).message()).text,
    ).toContain('💬');
  });

  test.each([
    ['an unknown task', { task_id: '99', text: 'Hello' }, 'There is no task #99'],
    ['no number', { task_id: 'deploy', text: 'Hello' }, 'That is no task number'],
    ['nothing but space', { task_id: '1', text: '   ' }, 'There is nothing in it'],
    ['a NUL', { task_id: '1', text: 'a\u0000b' }, 'cannot hold NUL'],
  ])('%s is told what to do', async (_what, options, said) => {
    await open();
    const answer = await person('alice').slash('reply', options).message();
    expect(answer.isEphemeral).toBe(true);
    expect(answer.text).toContain(said);
    expect(await replies()).toEqual([]);
  });

  test('a permission is given by a press, as the person who pressed', async () => {
    await open();
    const card = await asked(stage, await running(stage), { rule: 'Bash(npm test)' });
    const press = person('alice').clickButton(card, 'Allow for this task');
    expect((await press.answer()).kind).toBe('deferred-update');
    await eventually(async () => (await question()).status === 'answered');
    expect(await question()).toMatchObject({
      answeredBy: '@alice',
      answer: { option: 'allow_task', text: null },
    });
    expect((await stage.store.taskWork(1))?.rules).toEqual(['Bash(npm test)']);
  });

  test('whoever comes second is told who has answered what', async () => {
    await open({ manageRoles: ['ops'] });
    const card = await asked(stage, await running(stage));
    await person('alice').clickButton(card, 'Allow once').answer();
    await eventually(async () => (await question()).status === 'answered');
    for (const [button, name] of [
      ['Deny', 'oleg'],
      ['Allow once', 'oleg'],
      ['Allow once', 'alice'],
    ] as const) {
      const told = await person(name, 'ops').clickButton(card, button).followUp();
      expect(told).toMatchObject({ isEphemeral: true, text: '@alice has answered already: Allow once' });
    }
    expect((await question()).answeredBy).toBe('@alice');
  });

  test('of two presses at once one counts, and the other is told whose', async () => {
    await open({ manageRoles: ['ops'] });
    const card = await asked(stage, await running(stage));
    const presses = [
      person('alice').clickButton(card, 'Allow once'),
      person('oleg', 'ops').clickButton(card, 'Deny'),
    ];
    const told = await stage.twin.waitFor(() => presses.flatMap(({ followUps }) => followUps)[0]);
    const { answeredBy } = await question();
    expect(told.text).toMatch(
      answeredBy === '@alice' ? /^@alice has answered already: Allow once$/ : /^@oleg has/,
    );
    expect(presses.flatMap(({ followUps }) => followUps)).toHaveLength(1);
  });

  test('a choice takes its options, and other words by a form', async () => {
    await open();
    const options = [
      { id: 'pg', label: 'Postgres' },
      { id: 'lite', label: 'SQLite' },
    ];
    const card = await asked(stage, await running(stage), {
      kind: 'choice',
      title: 'Which database?',
      options,
    });
    const alice = person('alice');
    const form = await alice.clickButton(card, 'Other...').modal();
    expect(form.inputs).toMatchObject([{ label: 'Your answer', maxLength: 4000 }]);
    const said = await alice.submitModal(form, { 'Your answer': 'MySQL **8**' }).message();
    expect(said).toMatchObject({ isEphemeral: true, text: '💬 Answered.' });
    expect((await question()).answer).toEqual({ option: null, text: 'MySQL **8**' });
    const late = await alice.clickButton(card, 'Other...').message();
    expect(late.text).toBe('@alice has answered already: MySQL \\*\\*8\\*\\*');
    const lost = await alice.submitModal(form, { 'Your answer': 'Oracle' }).message();
    expect(lost.text).toContain('has answered already');
  });

  test('of twenty-five options the last is chosen by its number or its name', async () => {
    await open();
    const options = Array.from({ length: 25 }, (_option, at) => ({
      id: `o${at}`,
      label: `Choice ${at + 1}`,
    }));
    const of = await running(stage);
    for (const [at, typed] of ['25', 'choice 25'].entries()) {
      const card = await asked(stage, of, { key: typed, kind: 'choice', title: 'Which?', options });
      expect(card.controls).toHaveLength(25);
      expect(card.controls.at(-1)?.label).toBe('Other...');
      const form = await person('alice').clickButton(card, 'Other...').modal();
      await person('alice').submitModal(form, { 'Your answer': typed }).message();
      expect((await stage.store.question(at + 1))?.answer).toEqual({ option: 'o24', text: null });
    }
  });

  test('a form that comes after the task has ended says so, and keeps nothing', async () => {
    await open();
    const card = await asked(stage, await running(stage), { kind: 'text', title: 'Which?' });
    const alice = person('alice');
    const form = await alice.clickButton(card, 'Answer...').modal();
    await stage.store.decide(stage.tasks.cancel(1, {}));
    expect((await alice.submitModal(form, { text: 'This' }).message()).text).toContain(
      'This question is closed',
    );
    expect((await question()).answer).toBeNull();
  });

  test('Stop cancels once; a second press is told that it has ended', async () => {
    await open();
    await running(stage);
    const buttons = await post(stage, [runButtons(1, 'stop')]);
    const alice = person('alice');
    expect((await alice.clickButton(buttons, 'Stop').followUp()).text).toContain('Task #1 is stopped');
    expect(await status()).toBe('cancelled');
    expect((await stage.store.events(1)).at(-1)).toMatchObject({
      action: 'cancelled',
      details: { reason: 'Stopped by @alice.' },
    });
    expect((await alice.clickButton(buttons, 'Stop').followUp()).text).toContain('cannot be cancelled');
  });

  test('Follow up opens a form, and the task goes on; Retry queues what failed', async () => {
    await open();
    await finished(stage, await running(stage));
    const buttons = await post(stage, [runButtons(1, 'follow-up', 'retry')]);
    const alice = person('alice');
    const form = await alice.clickButton(buttons, 'Follow up').modal();
    expect(form.title).toBe('Follow up on #1');
    const said = await alice.submitModal(form, { text: 'Now the docs' }).message();
    expect(said.text).toBe('💬 Task #1 is back in the queue and goes on with it.');
    expect(await replies()).toEqual([['@alice', 'Now the docs', false]]);
    expect((await alice.clickButton(buttons, 'Retry').followUp()).text).toContain('cannot be requeued');
    await stage.store.decide(stage.tasks.cancel(1, {}));
    expect((await alice.clickButton(buttons, 'Retry').followUp()).text).toBe(
      '📋 Task #1 is back in the queue.',
    );
  });

  test.each([
    'answer:1',
    'answer:1:99',
    'answer:99:0',
    'answer-text:99',
    'stop:99',
    'stop:1:2',
    'answer:1:0:0x',
    'follow-up:99',
  ])('a press of %s changes nothing and is answered', async (id) => {
    await open();
    await asked(stage, await running(stage));
    const message = await post(stage, [runButtons(1, 'stop')]);
    const press = person('alice').clickButton(message, id, { evenIfGone: true });
    await stage.twin.waitFor(
      () => press.followUps[0] ?? (press.original?.isEphemeral === true && press.original),
    );
    expect(await status()).toBe('in_progress');
    expect((await question()).status).toBe('open');
  });

  test('an answer whose acknowledgement was lost is given all the same', async () => {
    await open();
    const card = await asked(stage, await running(stage));
    stage.twin.fault({ method: 'POST', path: /callback$/ }, { kind: 'cut', when: 'after' });
    person('alice').clickButton(card, 'Allow once');
    await eventually(async () => (await question()).status === 'answered');
  });

  test("suggestions know what is open and what has ended, of one's own", async () => {
    await open();
    await person('bob').slash('task', { description: 'Of bob' }).message();
    await stage.store.decide(stage.tasks.cancel(1, {}));
    const suggested = async (name: string) =>
      (await person(name).autocomplete('reply', { name: 'task_id', typed: '' }).choices()).map(
        ({ name: text }) => text,
      );
    expect(await suggested('alice')).toEqual(['#1 🚫 Deploy it']);
    expect(await suggested('bob')).toEqual(['#2 🟡 Of bob']);
  });
});
