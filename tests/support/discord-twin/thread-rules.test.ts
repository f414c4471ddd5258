import type { REST } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newRest, startTwin } from './fixture.ts';
import type { DiscordTwin } from './index.ts';

interface Made {
  id: string;
  message?: { id: string; channel_id: string };
}

describe('threads and posts', () => {
  let twin: DiscordTwin;
  let rest: REST;

  beforeEach(async () => {
    twin = await startTwin();
    rest = newRest(twin);
  });
  afterEach(() => twin.stop());

  const post = async (channelId: string, body: object): Promise<Made> =>
    (await rest.post(`/channels/${channelId}/threads`, { body })) as Made;

  test('the first message of a post has the id of the post', async () => {
    const forum = twin.guild.addChannel('work', 'forum', { tags: ['claude'] });
    const { available_tags: tags } = (await rest.get(`/channels/${forum.id}`)) as {
      available_tags: { id: string; name: string }[];
    };
    expect(tags).toMatchObject([{ name: 'claude' }]);
    const made = await post(forum.id, {
      name: '#1 Deploy',
      message: { content: 'Hello' },
      applied_tags: [tags[0]?.id],
    });
    expect(made.message).toMatchObject({ id: made.id, channel_id: made.id });
    expect(twin.channel(made.id).messages).toMatchObject([{ id: made.id, content: 'Hello' }]);
  });

  test('a forum may ask for a tag', async () => {
    const forum = twin.guild.addChannel('work', 'forum', { tags: ['claude'], requiresTag: true });
    const bare = post(forum.id, { name: '#1 Deploy', message: { content: 'Hello' } });
    await expect(bare).rejects.toMatchObject({ code: 40067 });
    expect(twin.violations).toEqual([]);
  });

  test('a second thread on a message is an answer, not a mistake', async () => {
    const { id } = twin.user('alice').say('here');
    const start = () =>
      rest.post(`/channels/${twin.channel('claude-tasks').id}/messages/${id}/threads`, {
        body: { name: 'a' },
      });
    await start();
    await expect(start()).rejects.toMatchObject({ code: 160_004 });
    expect(twin.violations).toEqual([]);
  });

  test('lists running threads of the guild and archived ones of a channel, the latest first', async () => {
    const parent = twin.channel('claude-tasks').id;
    const ids = [];
    for (const name of ['a', 'b', 'c', 'd']) ids.push((await post(parent, { name, type: 11 })).id);
    for (const id of ids.slice(0, 3)) {
      twin.advance(1_000);
      twin.channel(id).archive();
    }
    const archived = async (query: Record<string, string>) =>
      (await rest.get(`/channels/${parent}/threads/archived/public`, {
        query: new URLSearchParams(query),
      })) as {
        threads: { name: string; thread_metadata: { archive_timestamp: string } }[];
        has_more: boolean;
      };
    const first = await archived({ limit: '2' });
    expect(first).toMatchObject({ threads: [{ name: 'c' }, { name: 'b' }], has_more: true });
    const before = first.threads[1]?.thread_metadata.archive_timestamp ?? '';
    expect(await archived({ limit: '2', before })).toMatchObject({
      threads: [{ name: 'a' }],
      has_more: false,
    });
    await expect(archived({ limit: '1' })).rejects.toMatchObject({ code: 50_035 });
    expect(await rest.get(`/guilds/${twin.guild.id}/threads/active`)).toMatchObject({
      threads: [{ name: 'd' }],
    });
  });

  test('words wake an archived thread, and its messages count towards its own limit', async () => {
    const limited = await startTwin({ rateLimits: { perChannel: 1, windowMs: 60_000, editsPerChannel: 1 } });
    try {
      const hasty = newRest(limited);
      hasty.options.rejectOnRateLimit = () => true;
      const parent = limited.channel('claude-tasks').id;
      const { id } = (await hasty.post(`/channels/${parent}/threads`, {
        body: { name: 'a', type: 11 },
      })) as Made;
      limited.channel(id).archive();
      const say = (channelId: string) =>
        hasty.post(`/channels/${channelId}/messages`, { body: { content: 'b' } }) as Promise<Made>;
      const said = await say(id);
      expect(await hasty.get(`/channels/${id}`)).toMatchObject({ thread_metadata: { archived: false } });
      await expect(say(id)).rejects.toThrow();
      await say(parent);
      const edit = () =>
        hasty.patch(`/channels/${id}/messages/${said.id}`, { body: { content: 'c' } }) as Promise<Made>;
      await edit();
      await expect(edit()).rejects.toThrow();
    } finally {
      await limited.stop();
    }
  });

  test('one limit stands over everything but interactions', async () => {
    const limited = await startTwin({ rateLimits: { perChannel: 9, windowMs: 60_000, global: 2 } });
    const ask = () =>
      fetch(`${limited.url}/v10/users/@me`, { headers: { authorization: `Bot ${limited.token}` } });
    try {
      expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
      const third = await ask();
      expect(third.status).toBe(429);
      expect(third.headers.get('x-ratelimit-global')).toBe('true');
      expect((await fetch(`${limited.url}/v10/webhooks/1/none`, { method: 'POST' })).status).toBe(404);
      limited.advance(60_000);
      expect((await ask()).status).toBe(200);
    } finally {
      await limited.stop();
    }
  });
});
