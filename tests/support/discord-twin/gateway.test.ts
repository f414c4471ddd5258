import { Events, GatewayIntentBits, type Client } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { login, newClient, newRest, startTwin } from './fixture.ts';
import type { DiscordTwin } from './index.ts';

const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;

describe('the gateway', () => {
  let twin: DiscordTwin;
  const clients: Client[] = [];
  const enter = async (options = {}): Promise<Client<true>> => {
    const client = await login(twin, options);
    clients.push(client);
    return client;
  };
  /** A client that is not going to make it, and the code with which it was sent away. */
  const sentAway = (client: Client): Promise<number> => {
    clients.push(client);
    client.on(Events.Error, () => {});
    return new Promise((resolve) => {
      client.on(Events.ShardDisconnect, (event) => {
        resolve(event.code);
      });
    });
  };

  beforeEach(async () => {
    twin = await startTwin({ heartbeatMs: 50 });
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.destroy()));
    await twin.stop();
    expect(twin.violations).toEqual([]);
  });

  test('tells who the bot is, which guilds it is in and what it may do there', async () => {
    const client = await enter();
    const guild = client.guilds.cache.get(twin.guild.id);
    expect(client.user.id).toBe(twin.bot.id);
    expect(guild?.channels.cache.map((channel) => channel.name)).toEqual(['claude-tasks', 'general']);
    const me = guild?.members.me;
    expect(me?.permissionsIn(twin.channel('general').id).has('ReadMessageHistory')).toBe(true);
    expect(twin.gateway.connected).toBe(1);
    expect(twin.gateway.identifies).toMatchObject([{ intents: Guilds, closedWith: null }]);
  });

  test('beats', async () => {
    await enter();
    await twin.waitFor(() => twin.gateway.heartbeats > 1);
  });

  test('tells of changes to the world', async () => {
    const client = await enter();
    const channels = () => client.guilds.cache.get(twin.guild.id)?.channels;
    const me = () => client.guilds.cache.get(twin.guild.id)?.members.me;
    const logs = twin.guild.addChannel('logs');
    logs.setBotRights({ deny: ['SendMessages'] });
    const thread = logs.startThread('talk', twin.user('alice').id);
    const heard = new Promise((resolve) => client.once(Events.ChannelDelete, resolve));
    twin.guild.setBotRights(['ViewChannel']);
    twin.channel('general').remove();
    await heard;
    expect(channels()?.cache.map((channel) => channel.name)).toEqual(['claude-tasks', 'logs', 'talk']);
    expect(channels()?.cache.get(thread.id)?.isThread()).toBe(true);
    expect(me()?.permissions.toArray()).toEqual(['ViewChannel']);
    expect(me()?.permissionsIn(logs.id).has('SendMessages')).toBe(false);
    const left = new Promise((resolve) => client.once(Events.GuildDelete, resolve));
    twin.guild.removeBot();
    await left;
    expect(client.guilds.cache.size).toBe(0);
  });

  test('refuses a wrong token before and after the connection', async () => {
    await expect(newClient(twin).login('wrong')).rejects.toThrow('An invalid token was provided.');
    const client = await enter();
    const code = sentAway(client);
    twin.token = 'a new one';
    twin.gateway.drop();
    expect(await code).toBe(4004);
  });

  test('refuses a privileged intent that is switched off', async () => {
    const client = newClient(twin, { intents: [Guilds, MessageContent] });
    const code = sentAway(client);
    void client.login(twin.token).catch(() => {});
    expect(await code).toBe(4014);
    expect(twin.gateway.identifies).toMatchObject([{ closedWith: 4014 }]);
  });

  test('lets a dropped client resume and hear what it missed', async () => {
    await newRest(twin).put(`/applications/${twin.bot.applicationId}/commands`, {
      body: [{ name: 'task', description: 'A task' }],
    });
    const client = await enter();
    const heard = new Promise<string>((resolve) => {
      client.on(Events.InteractionCreate, (interaction) => {
        resolve(interaction.id);
      });
    });
    twin.gateway.drop();
    await twin.waitFor(() => twin.gateway.connected === 0);
    const asked = twin.user('alice').slash('task');
    expect(await heard).toBe(asked.id);
    expect(twin.gateway).toMatchObject({ resumes: 1, connected: 1 });
    expect(twin.gateway.identifies).toHaveLength(1);
  });

  test('refuses the resume of a forgotten session, and what was missed is gone', async () => {
    // Left to itself discord.js waits 5 real seconds before it identifies again.
    const buildIdentifyThrottler = () => Promise.resolve({ waitForIdentify: () => Promise.resolve() });
    const client = await enter({ ws: { buildIdentifyThrottler } });
    // Destroying a discord.js client between IDENTIFY and READY hangs, so its end of the story counts here.
    const isBack = new Promise((resolve) => client.once(Events.ShardReady, resolve));
    twin.gateway.forgetSessions();
    twin.gateway.drop();
    await twin.waitFor(() => twin.gateway.identifies.length === 2 && twin.gateway.connected === 1);
    await isBack;
    expect(twin.gateway.resumes).toBe(0);
    expect(client.guilds.cache.size).toBe(1);
  });

  test('asks a client to come back', async () => {
    await enter();
    twin.gateway.askToReconnect();
    await twin.waitFor(() => twin.gateway.resumes === 1);
  });

  test('hides the words of others without the message content intent', async () => {
    const client = await enter({ intents: [Guilds, GuildMessages] });
    const heard = new Promise<string>((resolve) => {
      client.on(Events.MessageCreate, (message) => {
        resolve(message.content);
      });
    });
    twin.user('alice').say('secret');
    expect(await heard).toBe('');
  });

  test('serves a second bot process after the first was lost', async () => {
    await enter();
    twin.gateway.drop();
    await enter();
    expect(twin.gateway.identifies).toHaveLength(2);
  });
});
