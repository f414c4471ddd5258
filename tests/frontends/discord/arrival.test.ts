import { afterEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, type StageOptions } from './stage.ts';

const COMMANDS = [
  ...['task', 'queue', 'status', 'done', 'usage'],
  ...['priority', 'cancel', 'reply', 'athena', 'Queue as task'],
];

describe('getting in', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  async function open(options: StageOptions = {}) {
    stage = await openStage(options);
  }

  const puts = () => stage.twin.requests.filter(({ method }) => method === 'PUT');
  const counted = () => puts().map(({ path, body }) => [path, (body as unknown[]).length]);
  const everywhere = () => `/applications/${stage.twin.bot.applicationId}/commands`;
  const inGuild = () =>
    `/applications/${stage.twin.bot.applicationId}/guilds/${stage.twin.guild.id}/commands`;

  test('says who it is, with the invite link, and asks for the Guilds intent alone', async () => {
    await open();
    expect(stage.logged('discord ready')[0]?.details).toMatchObject({
      bot: expect.stringContaining('athena') as string,
      invite: `https://discord.com/oauth2/authorize?client_id=${stage.twin.bot.applicationId}&scope=bot+applications.commands&permissions=309237763072`,
    });
    expect(stage.twin.gateway.identifies[0]).toMatchObject({ intents: 1 });
    expect(stage.frontEnd.state()).toBe('connected');
  });

  test('registers all commands with one PUT, and again only when they changed', async () => {
    await open();
    expect(puts().map(({ path }) => path)).toEqual([everywhere()]);
    expect(stage.twin.commands.map(({ name }) => name).sort()).toEqual([...COMMANDS].sort());
    stage = await stage.restart();
    expect(puts()).toHaveLength(1);
    expect(stage.logged('commands registered')[0]?.details).toMatchObject({
      changed: false,
      count: COMMANDS.length,
    });
    const key = `commands:${stage.twin.bot.applicationId}:global`;
    await stage.store.memory('discord').save({ values: { [key]: 'of an older version' } });
    stage = await stage.restart();
    expect(puts()).toHaveLength(2);
  });

  test('registered for all, they are there in a second server without another word', async () => {
    await open();
    stage.twin.addGuild('Elsewhere');
    await stage.twin.waitFor(() => stage.logged('commands registered').length === 2);
    expect(counted()).toEqual([[everywhere(), COMMANDS.length]]);
    await stage.twin.user('alice').slash('athena').message();
  });

  describe('with the server that counts named, or no longer named', () => {
    let guildId: string | null = null;

    async function openIn(named: 'named' | 'not named') {
      await open({
        beforeStart: (twin) => {
          guildId = named === 'named' ? twin.guild.id : null;
        },
        config: {
          get guildId() {
            return guildId;
          },
        },
      });
    }

    test('commands move there and back, and are never offered twice', async () => {
      await openIn('named');
      expect(counted()).toEqual([[inGuild(), COMMANDS.length]]);
      guildId = null;
      stage = await stage.restart();
      await stage.twin.waitFor(() => puts().length === 3);
      expect(counted().slice(1)).toEqual([
        [everywhere(), COMMANDS.length],
        [inGuild(), 0],
      ]);
      await stage.twin.user('alice').slash('queue').message();
      guildId = stage.twin.guild.id;
      stage = await stage.restart();
      await stage.twin.waitFor(() => puts().length === 5);
      expect(counted().slice(3)).toEqual([
        [inGuild(), COMMANDS.length],
        [everywhere(), 0],
      ]);
      await stage.twin.user('alice').slash('queue').message();
    });

    test('a clearing that failed for now is made up for', async () => {
      await openIn('not named');
      guildId = stage.twin.guild.id;
      stage.twin.fault(
        { method: 'PUT', path: /applications\/\d+\/commands$/ },
        { kind: 'status', status: 503 },
        { times: 1 },
      );
      stage = await stage.restart();
      await stage.twin.waitFor(() => stage.logged('commands could not be registered yet').length === 1);
      stage.clock.advance(2_000);
      await stage.twin.waitFor(() => stage.twin.commands.length === COMMANDS.length);
      expect(counted().at(-1)).toEqual([everywhere(), 0]);
    });
  });

  test('in no server it waits to be invited', async () => {
    await open({ config: { guildId: '123456789012345678' }, waitUntilReady: false });
    await stage.frontEnd.ready();
    await stage.twin.waitFor(
      () => stage.logged('the bot is in no server that counts: invite it').length === 1,
    );
    expect(puts()).toEqual([]);
    await stage.store.decide(stage.tasks.submit({ description: 'x' }));
    await expect(stage.relay.step()).rejects.toThrow(/invite it/);
  });

  test('a registration that fails for now is tried again', async () => {
    await open({
      waitUntilReady: false,
      beforeStart: (twin) => {
        twin.fault({ method: 'PUT', path: /commands$/ }, { kind: 'status', status: 503 }, { times: 2 });
      },
    });
    const tried = (times: number) => () =>
      stage.logged('commands could not be registered yet').length === times;
    await stage.twin.waitFor(tried(1));
    stage.clock.advance(2_000);
    await stage.twin.waitFor(tried(2));
    stage.clock.advance(4_000);
    await stage.twin.waitFor(() => stage.logged('commands registered').length === 1);
  });

  test('names the permissions it lacks, and channels it cannot see', async () => {
    await open({
      config: { allowedChannels: ['claude-tasks', 'nowhere'] },
      beforeStart: (twin) => {
        twin.channel('claude-tasks').setBotRights({ deny: ['EmbedLinks', 'ReadMessageHistory'] });
      },
    });
    expect(stage.logged('permissions missing')[0]?.details).toMatchObject({
      channel: '#claude-tasks',
      missing: ['Embed Links', 'Read Message History'],
    });
    expect(stage.logged('this channel does not exist or cannot be seen')[0]?.details).toEqual({
      channel: '#nowhere',
    });
  });

  test.each([
    ['a refused token', { config: { token: 'no.such.token' } }],
    ['a token that cannot be one', { config: { token: 'tökèn\n' } }],
  ])('%s is one clear line, and the end', async (_name, options: StageOptions) => {
    await open({ ...options, waitUntilReady: false });
    await expect(stage.frontEnd.ready()).rejects.toThrow(/DISCORD_TOKEN/);
    const asked = stage.twin.requests.length;
    stage.clock.advance(3_600_000);
    expect(stage.frontEnd.state()).toBe('failed');
    expect(stage.log.filter(({ level }) => level !== 'debug' && level !== 'info')).toHaveLength(1);
    expect(stage.twin.requests.length).toBe(asked);
    expect(asked).toBeLessThanOrEqual(1);
    await stage.store.decide(stage.tasks.submit({ description: 'x' }));
    await expect(stage.relay.step()).rejects.toThrow(/DISCORD_TOKEN/);
    expect(JSON.stringify(stage.log)).not.toContain('no.such.token');
  });

  test.each([
    [4004, /DISCORD_TOKEN/],
    [4014, /intents/],
  ])('the gateway closing with %i is the end', async (code, reason) => {
    await open();
    stage.twin.gateway.drop(code);
    await stage.twin.waitFor(() => stage.log.some(({ level }) => level === 'error'));
    expect(stage.frontEnd.state()).toBe('failed');
    const errors = stage.log.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors[0]?.details)).toMatch(reason);
  });

  test('a token that is taken back while running is the end', async () => {
    await open();
    stage.twin.token = 'another.token.now';
    await stage.store.decide(stage.tasks.submit({ description: 'x' }));
    await expect(stage.relay.step()).rejects.toThrow();
    expect(stage.frontEnd.state()).toBe('failed');
    const asked = stage.twin.requests.length;
    await expect(stage.relay.step()).rejects.toThrow(/DISCORD_TOKEN/);
    expect(stage.twin.requests.length).toBe(asked);
    stage.twin.gateway.drop();
  });

  test('while Discord is down it tries again with growing pauses, then gets in', async () => {
    await open({
      waitUntilReady: false,
      beforeStart: (twin) => {
        twin.fault({ path: '/gateway/bot' }, { kind: 'status', status: 502 }, { times: 3 });
      },
    });
    const failures = () => stage.logged('discord connection failed');
    for (const [index, pause] of [1_000, 2_000, 4_000].entries()) {
      await stage.twin.waitFor(() => failures().length === index + 1);
      expect(failures()[index]?.details).toMatchObject({ retry_in_ms: pause });
      expect(stage.frontEnd.state()).toBe('connecting');
      stage.clock.advance(pause);
    }
    await stage.frontEnd.ready();
    expect(stage.frontEnd.state()).toBe('connected');
  });

  test('a dropped gateway comes back by itself, and answers again', async () => {
    await open();
    stage.twin.gateway.drop();
    await stage.twin.waitFor(() => stage.twin.gateway.connected === 0);
    await stage.twin.waitFor(() => stage.twin.gateway.connected === 1);
    await stage.twin.user('alice').slash('queue').message();
    expect(stage.frontEnd.state()).toBe('connected');
    expect(stage.logged('discord connection lost, reconnecting')).toHaveLength(1);
    await stage.stop();
    expect(stage.logged('discord connection lost, reconnecting')).toHaveLength(1);
  });

  test('after a refused resume everything is there again', async () => {
    await open();
    stage.twin.gateway.forgetSessions();
    stage.twin.gateway.drop();
    await stage.twin.waitFor(() => stage.twin.gateway.identifies.length === 2, { timeoutMs: 15_000 });
    await stage.twin.user('alice').slash('task', { description: 'x' }).message();
    await stage.relay.run();
  });
});
