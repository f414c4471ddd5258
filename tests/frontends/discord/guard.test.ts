import { afterEach, describe, expect, test } from 'vitest';
import type { DiscordConfig } from '../../../src/frontends/discord/index.ts';
import type { DiscordTwin } from '../../support/discord-twin/index.ts';
import { eventually, openStage, type Stage } from './stage.ts';

describe('who may do what where', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  async function open(config: Partial<DiscordConfig> = {}, beforeStart?: (twin: DiscordTwin) => void) {
    stage = await openStage({ config, ...(beforeStart && { beforeStart }) });
  }

  const alice = () => stage.twin.user('alice');

  test('in another channel: a refusal for that person alone that says where', async () => {
    await open();
    const answer = await alice().slash('queue', {}, { channel: 'general' }).message();
    expect(answer.isEphemeral).toBe(true);
    expect(answer.content).toBe(
      `Athena works in <#${stage.twin.channel('claude-tasks').id}>. Use the command there.`,
    );
    expect(stage.twin.channel('general').messages).toEqual([]);
    const task = await alice().slash('task', { description: 'x' }, { channel: 'general' }).message();
    expect(task.isEphemeral).toBe(true);
    expect(await stage.store.task(1)).toBeNull();
  });

  test('a thread under an allowed channel is allowed, whatever it is called', async () => {
    await open();
    const inside = stage.twin.channel('claude-tasks').startThread('anything', alice().id);
    const outside = stage.twin.channel('general').startThread('claude-tasks', alice().id);
    expect((await alice().slash('queue', {}, { channel: inside.id }).message()).isEphemeral).toBe(false);
    expect((await alice().slash('queue', {}, { channel: outside.id }).message()).isEphemeral).toBe(true);
  });

  test('channels may be given by id, with a hash, in any case', async () => {
    await open({ allowedChannels: ['#Claude-Tasks', '1461329068032000001'] });
    expect((await alice().slash('queue').message()).isEphemeral).toBe(false);
  });

  test('never in direct messages', async () => {
    await open();
    const answer = await alice().slash('queue', {}, { channel: 'dm', evenIfNotOffered: true }).message();
    expect(answer.content).toContain('no commands in direct messages');
  });

  test('without a role: reading is open, changing is refused and says who may', async () => {
    await open({ allowedRoles: ['operators'] });
    expect((await alice().slash('queue').message()).isEphemeral).toBe(false);
    await alice().slash('status').message();
    for (const [command, options] of [
      ['task', { description: 'x' }],
      ['task', {}],
      ['cancel', { task_id: '1' }],
      ['priority', { task_id: '1', level: 'low' }],
    ] as const) {
      const answer = await alice().slash(command, options).message();
      expect(answer).toMatchObject({ isEphemeral: true });
      expect(answer.content).toContain('Changing anything takes the role **operators**.');
    }
    const said = stage.twin.user('bob').say('Do this');
    expect((await alice().messageCommand('Queue as task', said).message()).isEphemeral).toBe(true);
  });

  test('with a role by name or id: buttons too', async () => {
    await open({ allowedRoles: ['operators'] });
    const olga = stage.twin.user('olga', { roles: ['operators'] });
    const card = await olga.slash('task', { description: 'x' }).message();
    const refused = await alice().clickButton(card, 'Cancel').message();
    expect(refused).toMatchObject({ isEphemeral: true });
    expect(await stage.store.task(1)).toMatchObject({ status: 'pending' });
    await olga.clickButton(card, 'Cancel').answer();
    await eventually(async () => (await stage.store.task(1))?.status === 'cancelled');
    expect((await stage.store.events(1)).at(-1)?.actor).toBe(`discord:${olga.id}`);
    const page = await olga.slash('queue').message();
    expect((await alice().clickButton(page, 'Pause').message()).isEphemeral).toBe(true);
    expect((await stage.store.counts()).queue.paused).toBe(false);
  });

  test('a form opened with a role is refused once the role is gone', async () => {
    await open({ allowedRoles: ['operators'] });
    const olga = stage.twin.user('olga', { roles: ['operators'] });
    const form = await olga.slash('task').modal();
    stage.twin.guild.setRoles(olga.id, []);
    expect((await olga.submitModal(form, { description: 'x' }).message()).isEphemeral).toBe(true);
    expect(await stage.store.task(1)).toBeNull();
  });

  test('buttons work where notifications go, commands do not', async () => {
    await open({ notificationChannel: 'general' });
    await stage.store.decide(stage.tasks.submit({ description: 'x' }));
    await stage.relay.run();
    const [card] = stage.twin.channel('general').messages;
    await alice().clickButton(card!, 'Cancel').answer();
    await eventually(async () => (await stage.store.task(1))?.status === 'cancelled');
    expect((await alice().slash('queue', {}, { channel: 'general' }).message()).isEphemeral).toBe(true);
  });

  test('a reply to a run is taken where notifications go, and in the threads there', async () => {
    await open({ notificationChannel: 'general' });
    const card = await alice().slash('task', { description: 'x' }).message();
    expect(card.text).toContain('#1');
    const thread = stage.twin.channel('general').startThread('anything', alice().id);
    for (const channel of ['general', thread.id]) {
      const typed = alice().autocomplete('reply', { name: 'task_id', typed: '' }, { channel });
      expect(await typed.choices()).toHaveLength(1);
      const answer = await alice().slash('reply', { task_id: '1', text: 'Go on' }, { channel }).message();
      expect(answer.content).toContain('Task #1 takes it along');
    }
  });

  test('in several servers only channels given by id count, and the log says so', async () => {
    await open({}, (twin) => {
      twin.addGuild('Elsewhere', ['claude-tasks']);
    });
    expect(
      stage.logged(
        'the bot is in several servers: commands work only in channels given by id (or set DISCORD_GUILD_ID)',
      ),
    ).toHaveLength(1);
    const answer = await alice().slash('queue').message();
    expect(answer).toMatchObject({ isEphemeral: true });
    expect(stage.twin.requests.find(({ method }) => method === 'PUT')?.path).toMatch(
      /^\/applications\/\d+\/commands$/,
    );
  });

  test('in several servers a channel given by id works', async () => {
    let id = '';
    await openTwice((twin) => {
      id = twin.channel('claude-tasks').id;
    });
    async function openTwice(look: (twin: DiscordTwin) => void) {
      const places: string[] = [];
      stage = await openStage({
        config: { allowedChannels: places },
        beforeStart: (twin) => {
          twin.addGuild('Elsewhere', ['claude-tasks']);
          look(twin);
          places.push(id);
        },
      });
    }
    expect((await alice().slash('queue').message()).isEphemeral).toBe(false);
  });

  test('with a server configured, others do not count', async () => {
    const chosen: { guildId: string } = { guildId: '' };
    stage = await openStage({
      beforeStart: (twin) => {
        chosen.guildId = twin.guild.id;
      },
      config: {
        get guildId() {
          return chosen.guildId;
        },
      },
    });
    expect(stage.twin.requests.find(({ method }) => method === 'PUT')?.path).toContain(
      `/guilds/${chosen.guildId}/`,
    );
    expect((await alice().slash('queue').message()).isEphemeral).toBe(false);
  });
});
