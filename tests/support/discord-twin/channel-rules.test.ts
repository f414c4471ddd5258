import type { REST } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newRest, startTwin } from './fixture.ts';
import type { DiscordTwin, TwinChannel } from './index.ts';
import type { Permission } from './world/permissions.ts';

interface Made {
  id: string;
  nonce?: string;
}

describe('a channel', () => {
  let twin: DiscordTwin;
  let rest: REST;
  let channel: TwinChannel;

  beforeEach(async () => {
    twin = await startTwin();
    rest = newRest(twin);
    channel = twin.channel('claude-tasks');
  });
  afterEach(() => twin.stop());

  const path = (id = channel.id) => `/channels/${id}/messages` as const;
  const post = async (body: object, id = channel.id): Promise<Made> =>
    (await rest.post(path(id), { body })) as Made;
  const list = async (query: Record<string, string> = {}): Promise<string[]> => {
    const found = (await rest.get(path(), { query: new URLSearchParams(query) })) as { content: string }[];
    return found.map((message) => message.content);
  };

  test('gives its messages newest first, page by page', async () => {
    const made: Made[] = [];
    for (const content of ['1', '2', '3', '4']) made.push(await post({ content }));
    expect(await list()).toEqual(['4', '3', '2', '1']);
    expect(await list({ after: made[0]?.id ?? '', limit: '2' })).toEqual(['3', '2']);
    expect(await list({ before: made[2]?.id ?? '', limit: '1' })).toEqual(['2']);
    await expect(list({ limit: '101' })).rejects.toMatchObject({ code: 50035 });
  });

  test('gives an empty list, not an error, without the right to read history', async () => {
    await post({ content: 'a' });
    channel.setBotRights({ deny: ['ReadMessageHistory'] });
    expect(await list()).toEqual([]);
  });

  test.each<[Permission, object, number]>([
    ['ViewChannel', { content: 'a' }, 50001],
    ['SendMessages', { content: 'a' }, 50013],
    ['EmbedLinks', { embeds: [{ title: 'a' }] }, 50013],
  ])('refuses what %s would allow', async (right, body, code) => {
    channel.setBotRights({ deny: [right] });
    await expect(post(body)).rejects.toMatchObject({ code, status: 403 });
    expect(twin.violations).toEqual([]);
    expect(twin.refused).toMatchObject([{ code }]);
    channel.setBotRights({});
    await post(body);
  });

  test('answers a repeated nonce with the first message while it remembers it', async () => {
    const body = { content: 'once', nonce: '7.abc.0', enforce_nonce: true };
    const first = await post(body);
    expect(first.nonce).toBe('7.abc.0');
    twin.advance(2 * 60_000);
    expect(await post(body)).toMatchObject({ id: first.id });
    expect((await post({ ...body, enforce_nonce: false })).id).not.toBe(first.id);
    twin.advance(5 * 60_000);
    expect((await post(body)).id).not.toBe(first.id);
    expect(channel.messages).toHaveLength(3);
    expect(await rest.get(`${path()}/${first.id}`)).not.toHaveProperty('nonce');
  });

  test('notifies whom text and allowed_mentions name together, and never by an edit', async () => {
    const alice = twin.user('alice');
    const bob = twin.user('bob');
    const content = `${alice.mention} ${bob.mention} @everyone`;
    await post({ content, allowed_mentions: { parse: [] } });
    expect(twin.pings).toEqual([]);
    const { id } = await post({ content, allowed_mentions: { users: [alice.id] } });
    expect(twin.pings).toMatchObject([{ messageId: id, users: [alice.id], roles: [], everyone: false }]);
    expect(twin.message(id).mentions.users).toEqual([alice.id]);
    await rest.patch(`${path()}/${id}`, {
      body: { content, allowed_mentions: { parse: ['users', 'everyone'] } },
    });
    expect(twin.pings).toHaveLength(1);
    await post({ content, flags: 4096 });
    expect(twin.pings.at(-1)).toMatchObject({ users: [alice.id, bob.id], everyone: true, isSilent: true });
  });

  test('does not know what is gone', async () => {
    const { id } = await post({ content: 'a' });
    await rest.delete(`${path()}/${id}`);
    await expect(rest.patch(`${path()}/${id}`, { body: { content: 'b' } })).rejects.toMatchObject({
      code: 10008,
    });
    await expect(rest.delete(`${path()}/${id}`)).rejects.toMatchObject({ code: 10008 });
    channel.remove();
    await expect(post({ content: 'a' })).rejects.toMatchObject({ code: 10003 });
  });

  test('lets nobody edit the words of another', async () => {
    const said = twin.user('alice').say('mine');
    await expect(rest.patch(`${path()}/${said.id}`, { body: { content: 'b' } })).rejects.toMatchObject({
      code: 50005,
    });
  });

  test('has one thread per message; words wake an archived one, edits do not pass', async () => {
    const { id } = await post({ content: 'a' });
    const start = (): Promise<unknown> =>
      rest.post(`${path()}/${id}/threads`, { body: { name: 'Talk', auto_archive_duration: 10_080 } });
    await start();
    await expect(start()).rejects.toMatchObject({ code: 160004 });
    const inside = await post({ content: 'b' }, id);
    twin.channel(id).archive();
    const edit = { body: { content: 'c' } };
    await expect(rest.patch(`${path(id)}/${inside.id}`, edit)).rejects.toMatchObject({ code: 50083 });
    await post({ content: 'awake' }, id);
    await rest.patch(`${path(id)}/${inside.id}`, edit);
  });

  test('makes a private thread where the type is left out, and checks name and duration', async () => {
    const start = (body: object): Promise<unknown> => rest.post(`/channels/${channel.id}/threads`, { body });
    expect(await start({ name: 'a' })).toMatchObject({ type: 12 });
    expect(await start({ name: 'a', type: 11 })).toMatchObject({ type: 11 });
    await expect(start({ name: '' })).rejects.toMatchObject({ code: 50035 });
    await expect(start({ name: 'a', auto_archive_duration: 5 })).rejects.toMatchObject({ code: 50035 });
  });

  test('takes posts in a forum, not messages', async () => {
    const forum = twin.guild.addChannel('ideas', 'forum');
    await expect(post({ content: 'a' }, forum.id)).rejects.toMatchObject({ code: 40058 });
    const body = { name: 'Idea', message: { content: 'a' }, applied_tags: [] as string[] };
    await rest.post(`/channels/${forum.id}/threads`, { body });
    const tags = Array.from({ length: 6 }, (_, index) => `${index}`);
    const tooMany = rest.post(`/channels/${forum.id}/threads`, { body: { ...body, applied_tags: tags } });
    await expect(tooMany).rejects.toMatchObject({ code: 50035 });
  });

  test('is renamed twice in ten minutes', async () => {
    const { id } = (await rest.post(`/channels/${channel.id}/threads`, {
      body: { name: 'a', type: 11 },
    })) as Made;
    const rename = (name: string): Promise<unknown> => rest.patch(`/channels/${id}`, { body: { name } });
    await rename('b');
    await rename('c');
    const hasty = newRest(twin);
    hasty.options.rejectOnRateLimit = () => true;
    await expect(hasty.patch(`/channels/${id}`, { body: { name: 'd' } })).rejects.toThrow();
    twin.advance(10 * 60_000);
    await rename('d');
    expect(twin.channel(id).name).toBe('d');
  });

  test('knows nothing of routes that it does not have', async () => {
    await expect(rest.get('/nowhere')).rejects.toMatchObject({ status: 404 });
    expect(twin.unknownRoutes).toEqual(['GET /nowhere']);
  });

  test('refuses a wrong token', async () => {
    await expect(newRest(twin).setToken('wrong').get('/users/@me')).rejects.toMatchObject({ status: 401 });
  });
});
