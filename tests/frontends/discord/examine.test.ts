/** The doctor's look at Discord: the real discord.js over REST, the twin in Discord's place. */
import { expect, it, onTestFinished } from 'vitest';
import { examineDiscord, type DiscordConfig } from '../../../src/frontends/discord/index.ts';
import type { Finding } from '../../../src/core/finding.ts';
import { createDiscordTwin } from '../../support/discord-twin/index.ts';
import { openStage } from './stage.ts';

async function look(config: DiscordConfig, more: Partial<DiscordConfig> = {}) {
  const { findings, time } = await examineDiscord({ ...config, ...more });
  const about = (name: string) => findings.find((finding) => finding.about === name);
  return { findings, time, about, bad: findings.filter(({ state }) => state !== 'ok') };
}

async function aStage() {
  const stage = await openStage({ config: { guildId: null } });
  onTestFinished(() => stage.close());
  return stage;
}

const todoless = (findings: readonly Finding[]) =>
  findings.filter(({ state, todo }) => state !== 'ok' && todo === undefined);

it('beside a running bot all is well, asked over REST alone, without a change and without the token', async () => {
  const { twin, config } = await aStage();
  const [connected, asked] = [twin.gateway.identifies.length, twin.requests.length];
  const { findings, bad, time } = await look(config);
  expect(bad.map(({ about }) => about)).toEqual(['invitation']);
  expect(findings.map(({ about }) => about)).toEqual(
    expect.arrayContaining(['token', 'intents', 'server', '#claude-tasks', 'commands']),
  );
  expect(time).toBeInstanceOf(Date);
  expect(twin.gateway.identifies).toHaveLength(connected);
  expect(twin.requests.slice(asked).map(({ method }) => method)).not.toContainEqual(
    expect.not.stringMatching(/^GET$/),
  );
  expect(JSON.stringify(findings)).not.toContain(twin.token);
  expect(twin.violations).toEqual([]);
});

it('a refused token is told with where to get another, and is never shown', async () => {
  const { config, twin } = await aStage();
  const { findings } = await look(config, { token: 'bm90LXRoZS10b2tlbg.fake.wrong-token-of-a-test' });
  expect(findings).toMatchObject([{ about: 'token', state: 'problem' }]);
  expect(findings[0]?.todo).toContain('DISCORD_TOKEN');
  expect(JSON.stringify(findings)).not.toContain('wrong-token-of-a-test');
  twin.takeViolations();
});

it('a Discord that is away is told as such', async () => {
  const twin = createDiscordTwin();
  await twin.start();
  const { config } = await aStage();
  const apiUrl = twin.url;
  await twin.stop();
  const { findings, time } = await look(config, { apiUrl });
  expect(findings).toMatchObject([{ about: 'Discord', state: 'problem' }]);
  expect(time).toBeNull();
});

it('missing rights are named for each channel, those of the whole server and those of one channel', async () => {
  const { twin, config } = await aStage();
  twin.guild.setBotRights(['ViewChannel', 'SendMessages', 'ReadMessageHistory']);
  const { about, findings } = await look(config);
  expect(about('#claude-tasks')).toMatchObject({
    state: 'problem',
    says: 'the bot lacks Embed Links, Create Public Threads, Send Messages in Threads, Attach Files',
  });
  expect(about('#claude-tasks')?.todo).toContain('https://discord.com/oauth2/authorize');
  expect(todoless(findings)).toEqual([]);
  twin.guild.setBotRights([]);
  expect((await look(config)).about('#claude-tasks')?.says).toContain('View Channel, Send Messages');
});

it('rights that only threads need are a warning', async () => {
  const { twin, config } = await aStage();
  twin.guild.setBotRights(['ViewChannel', 'SendMessages', 'EmbedLinks', 'ReadMessageHistory', 'AttachFiles']);
  expect((await look(config)).about('#claude-tasks')).toMatchObject({
    state: 'warning',
    says: 'the bot lacks Create Public Threads, Send Messages in Threads',
  });
});

it('channels and roles that are not there are named with their setting', async () => {
  const { twin, config } = await aStage();
  twin.guild.addRole('crew');
  const { about } = await look(config, {
    notificationChannel: 'news',
    allowedChannels: ['claude-tasks', 'elsewhere'],
    allowedRoles: ['crew'],
    submitRoles: ['crew', 'nobody'],
    manageRoles: ['Crew'],
  });
  expect(about('#news')).toMatchObject({
    state: 'problem',
    todo: expect.stringContaining('NOTIFICATION_CHANNEL') as string,
  });
  expect(about('#elsewhere')).toMatchObject({ state: 'warning' });
  expect(about('#claude-tasks')).toMatchObject({ state: 'ok' });
  expect(about('ALLOWED_ROLES')).toMatchObject({ state: 'ok' });
  expect(about('SUBMIT_ROLES')).toMatchObject({ state: 'warning', says: 'no such role: nobody' });
  // Roles are compared to the letter.
  expect(about('MANAGE_ROLES')).toMatchObject({ state: 'problem', says: 'no such role: Crew' });
});

it('a bot in no server, in the wrong one, or in several is told what to do', async () => {
  const { twin, config } = await aStage();
  expect((await look(config, { guildId: '123456789012345678' })).about('server')).toMatchObject({
    state: 'problem',
    todo: expect.stringContaining('https://discord.com/oauth2/authorize') as string,
  });
  twin.addGuild('Another');
  expect((await look(config)).about('server')).toMatchObject({ state: 'warning' });
  const only = await look(config, { guildId: twin.guild.id });
  expect(only.about('invitation')).toMatchObject({ state: 'ok' });
  // They were registered for all servers, not for this one.
  expect(only.about('commands')).toMatchObject({ state: 'problem' });
});

it('the message content intent is looked at where threads are listened to', async () => {
  const { config } = await aStage();
  const off = (await look(config)).about('intents');
  expect(off).toMatchObject({ state: 'ok', says: 'Athena asks for none that has to be switched on' });
  const missing = (await look(config, { threadReplies: true })).about('intents');
  expect(missing).toMatchObject({ state: 'problem' });
  expect(missing?.todo).toContain('Message Content Intent');
  const on = await openStage({
    config: { threadReplies: true },
    twin: { allowedIntents: ['messageContent'] },
  });
  onTestFinished(() => on.close());
  expect((await look(on.config)).about('intents')).toMatchObject({ state: 'ok' });
});
