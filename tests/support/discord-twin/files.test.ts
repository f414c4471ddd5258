import { Events, GatewayIntentBits, type Attachment, type ChatInputCommandInteraction } from 'discord.js';
import { afterEach, describe, expect, test } from 'vitest';
import { startBot, type LiveBot } from './fixture.ts';

const COMMAND = {
  name: 'task',
  description: 'Queue a task',
  options: [{ type: 11, name: 'file', description: 'A file' }],
};

describe('files', () => {
  let bot: LiveBot;
  afterEach(() => bot.stop());

  const given = async (name: string, file: object): Promise<Attachment | null> => {
    const heard = new Promise<Attachment | null>((resolve) => {
      bot.client.once(Events.InteractionCreate, (interaction) => {
        resolve((interaction as ChatInputCommandInteraction).options.getAttachment(name));
      });
    });
    bot.twin.user('alice').slash('task', { file: file as never });
    return heard;
  };

  test('a file of a command is described, and served to whoever knows its address', async () => {
    bot = await startBot([COMMAND]);
    const file = await given('file', { name: 'log 1.txt', content: 'hello', type: 'text/plain' });
    expect(file).toMatchObject({ name: 'log 1.txt', size: 5, contentType: 'text/plain', ephemeral: true });
    const served = await fetch(file?.url ?? '');
    expect(served.headers.get('content-type')).toBe('text/plain');
    expect(await served.text()).toBe('hello');
    expect((await fetch((file?.url ?? '').split('?')[0] ?? '')).status).toBe(404);
  });

  test('it can be larger than it says, and lead elsewhere', async () => {
    bot = await startBot([COMMAND]);
    const file = await given('file', { name: 'a.bin', content: 'x'.repeat(100), claimedBytes: 3 });
    expect(file?.size).toBe(3);
    expect((await (await fetch(file?.url ?? '')).text()).length).toBe(100);
    const headers = { location: 'http://127.0.0.1:1/' };
    bot.twin.fault({ path: /attachments/ }, { kind: 'status', status: 302, headers });
    expect((await fetch(file?.url ?? '', { redirect: 'manual' })).headers.get('location')).toBe(
      headers.location,
    );
  });

  test('files of a message, and its author as a member, come with the intent', async () => {
    const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
    bot = await startBot([], {
      twin: { allowedIntents: ['messageContent'] },
      client: { intents: [Guilds, GuildMessages, MessageContent] },
    });
    const heard = new Promise((resolve) => {
      bot.client.once(Events.MessageCreate, (message) => {
        const names = message.attachments.map(({ name }) => name);
        resolve({ names, roles: message.member?.roles.cache.size, content: message.content });
      });
    });
    bot.twin.user('alice', { roles: ['ops'] }).say('look', { files: [{ name: 'a.txt', content: 'hello' }] });
    expect(await heard).toEqual({ names: ['a.txt'], roles: 3, content: 'look' });
  });
});
