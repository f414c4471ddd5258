import { afterEach, describe, expect, test } from 'vitest';
import type { DiscordConfig } from '../../../src/frontends/discord/index.ts';
import { eventually, openStage, type Stage } from './stage.ts';

const ROLES = { submitRoles: ['devs'], manageRoles: ['ops'] };
const OPS_MAY = 'Changing tasks of others and the queue takes the role **ops**.';

describe('roles', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const open = async (config: Partial<DiscordConfig> = ROLES) => {
    stage = await openStage({ config });
  };
  const person = (name: string, ...roles: string[]) => stage.twin.user(name, { roles });
  const task = async (id = 1) => (await stage.store.task(id))!;
  const actorsOf = async (id = 1) => (await stage.store.events(id)).map(({ actor }) => actor);

  test('who queues tasks changes their own by every way there is, without managing', async () => {
    await open();
    const dev = person('dora', 'devs');
    const card = await dev.slash('task', { description: 'Mine', priority: 'low' }).message();
    await dev.clickButton(card, 'Raise priority').answer();
    await eventually(async () => (await task()).priority === 'medium');
    expect((await dev.slash('priority', { task_id: '1', level: 'high' }).message()).text).toContain('High');
    const cancelled = await dev.slash('cancel', { task_id: '1' }).message();
    expect(cancelled.text).toContain('is cancelled');
    await dev.clickButton(cancelled, 'Requeue').followUp();
    expect((await task()).status).toBe('pending');
    await dev.clickButton(card, 'Cancel').answer();
    await eventually(async () => (await task()).status === 'cancelled');
    expect(new Set(await actorsOf())).toEqual(new Set([`discord:${dev.id}`]));
  });

  test('tasks of others are refused to that person alone, with who may, and stay as they are', async () => {
    await open();
    const dev = person('dora', 'devs');
    const card = await person('dan', 'devs').slash('task', { description: 'Not yours' }).message();
    const before = await task();
    const no = `Task #1 was queued by somebody else; what you queued yourself you can change. ${OPS_MAY}`;
    for (const answer of [
      await dev.slash('cancel', { task_id: '1' }).message(),
      await dev.slash('priority', { task_id: '1', level: 'high' }).message(),
      await dev.clickButton(card, 'Raise priority').followUp(),
      await dev.clickButton(card, 'Cancel').followUp(),
    ]) {
      expect(answer.isEphemeral).toBe(true);
      expect(answer.content.startsWith(no)).toBe(true);
    }
    expect(await task()).toEqual(before);
    expect(await actorsOf()).toHaveLength(1);
  });

  test('a task of the API belongs to nobody in Discord', async () => {
    await open();
    await stage.store.decide(stage.tasks.submit({ description: 'x', submittedBy: '@dora' }));
    const answer = await person('dora', 'devs').slash('cancel', { task_id: '1' }).message();
    expect(answer.text).toContain('was queued by somebody else');
    expect((await task()).status).toBe('pending');
  });

  test('another one requeues a failed task only with the managing role', async () => {
    await open();
    await person('dan', 'devs').slash('task', { description: 'Not yours' }).message();
    await stage.relay.run();
    const failure = { error: 'Disk full', retry: false, retryInMs: 0 };
    await stage.store.decide(stage.tasks.claim(1, { instanceId: 'mac' }));
    await stage.store.decide(stage.tasks.fail(1, {}, failure));
    await stage.relay.run();
    const line = stage.messageWith('❌ Task #1 failed');
    const refused = await person('dora', 'devs').clickButton(line, 'Requeue').followUp();
    expect(refused.text).toContain(OPS_MAY);
    expect((await task()).status).toBe('failed');
    await person('oleg', 'ops').clickButton(line, 'Requeue').followUp();
    expect((await task()).status).toBe('pending');
  });

  test('managing is no right to queue tasks, and queueing is none to pause', async () => {
    await open();
    const ops = person('oleg', 'ops');
    const refused = await ops.slash('task', { description: 'x' }).message();
    expect(refused).toMatchObject({ isEphemeral: true });
    expect(refused.content).toContain('Queueing tasks takes the role **devs**.');
    expect((await ops.slash('task').message()).content).toBe(refused.content);
    const said = ops.say('Do this');
    expect((await ops.messageCommand('Queue as task', said).message()).content).toBe(refused.content);
    const page = await ops.slash('queue').message();
    const no = await person('dora', 'devs').clickButton(page, 'Pause').message();
    expect(no.content).toContain(OPS_MAY);
    expect((await stage.store.counts()).queue.paused).toBe(false);
    await ops.clickButton(page, 'Pause').answer();
    await eventually(async () => (await stage.store.counts()).queue.paused);
  });

  test('a form that is refused gives its text back', async () => {
    await open();
    const dev = person('dora', 'devs');
    const form = await dev.slash('task').modal();
    stage.twin.guild.setRoles(dev.id, []);
    const told = await dev.submitModal(form, { description: 'A long story' }).message();
    expect(told).toMatchObject({ isEphemeral: true });
    expect(told.content).toContain('Queueing tasks takes the role **devs**.');
    expect(told.embeds[0]).toMatchObject({ title: 'Your text', description: 'A long story' });
  });

  test('suggestions hold what that person may change, and nothing for who may change nothing', async () => {
    await open();
    const [dev, other] = [person('dora', 'devs'), person('dan', 'devs')];
    await dev.slash('task', { description: 'Deploy mine' }).message();
    await other.slash('task', { description: 'Deploy theirs' }).message();
    await stage.store.decide(stage.tasks.submit({ description: 'Deploy from elsewhere' }));
    const ask = async (who: typeof dev, typed = 'deploy') =>
      (await who.autocomplete('cancel', { name: 'task_id', typed }).choices()).map(({ value }) => value);
    expect(await ask(dev)).toEqual(['1']);
    expect(await ask(dev, '2')).toEqual([]);
    expect(await ask(other, '')).toEqual(['2']);
    expect(await ask(person('oleg', 'ops'))).toEqual(['3', '2', '1']);
    expect(await ask(person('gast'))).toEqual([]);
    await stage.store.decide(stage.tasks.claim(1, { instanceId: 'mac' }));
    const machines = (who: typeof dev) => who.autocomplete('task', { name: 'machine', typed: '' }).choices();
    expect(await machines(dev)).toHaveLength(1);
    expect(await machines(person('gast'))).toEqual([]);
  });

  test('owners and the owner of the server need no role, but the right channel', async () => {
    await open({ ...ROLES, allowedRoles: ['crew'] });
    const [odin, olivia] = [person('odin'), person('olivia')];
    Object.assign(stage.config, { owners: [odin.id] });
    expect((await olivia.slash('task', { description: 'x' }).message()).isEphemeral).toBe(true);
    stage.twin.guild.setOwner(olivia.id);
    for (const [who, id] of [
      [odin, 1],
      [olivia, 2],
    ] as const) {
      expect((await who.slash('task', { description: 'x' }).message()).isEphemeral).toBe(false);
      expect((await task(id)).createdBy).toBe(`discord:${who.id}`);
    }
    expect((await odin.slash('cancel', { task_id: '2' }).message()).text).toContain('is cancelled');
    const page = await olivia.slash('queue').message();
    await olivia.clickButton(page, 'Pause').answer();
    await eventually(async () => (await stage.store.counts()).queue.paused);
    const elsewhere = await olivia.slash('task', { description: 'x' }, { channel: 'general' }).message();
    expect(elsewhere.text).toContain('Use the command there.');
    stage.twin.guild.setOwner(odin.id);
    expect((await olivia.slash('task', { description: 'x' }).message()).isEphemeral).toBe(true);
  });

  test('the allowed roles decide where the finer ones are not set', async () => {
    await open({ allowedRoles: ['crew'], manageRoles: ['ops'] });
    const crew = person('cleo', 'crew');
    await crew.slash('task', { description: 'Mine' }).message();
    await person('carl', 'crew').slash('task', { description: 'Not yours' }).message();
    expect((await crew.slash('cancel', { task_id: '2' }).message()).text).toContain(OPS_MAY);
    expect((await crew.slash('cancel', { task_id: '1' }).message()).text).toContain('is cancelled');
    const guest = await person('gast').slash('cancel', { task_id: '1' }).message();
    expect(guest.text).toContain(OPS_MAY);
  });
});
