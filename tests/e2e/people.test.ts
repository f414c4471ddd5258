/** Limits of a person and roles, through real processes: the server, discord.js, the client, and people at once. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AuditList } from '../../src/contract/audit.ts';
import { runClient } from '../support/client-process.ts';
import { createDiscordTwin, type DiscordTwin, type Invocation } from '../support/discord-twin/index.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { KEY } from '../support/http-world.ts';

let twin: DiscordTwin;
let folder: string;

beforeEach(async () => {
  folder = newFolder();
  twin = createDiscordTwin();
  await twin.start();
});

afterEach(async () => {
  await cleanUp();
  await twin.stop();
  expect(twin.violations).toEqual([]);
});

async function start(env: Readonly<Record<string, string>>): Promise<RunningServer> {
  const server = await startServer({
    folder,
    env: { DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url, ...env },
  });
  await twin.waitForBot();
  return server;
}

const refusalOf = (asked: Invocation) => asked.followUps.find(({ isEphemeral }) => isEphemeral);
const isCard = (asked: Invocation) => asked.original?.text.includes('📋 Task Queued') === true;

it('of a burst of /task each person gets as many tasks as are allowed, and an answer to each', async () => {
  const server = await start({ MAX_SUBMISSIONS_PER_HOUR: '5', MAX_OPEN_PER_PERSON: '8' });
  const people = ['alice', 'bob', 'carol'].map((name) => twin.user(name));
  const asked = Array.from({ length: 45 }, (_, n) =>
    people[n % 3]!.slash('task', { description: `task ${n}` }),
  );
  const isAnswered = (one: Invocation) => isCard(one) || refusalOf(one) !== undefined;
  await twin.waitFor(() => asked.every(isAnswered), { what: 'an answer to each', timeoutMs: 30_000 });

  expect(asked.filter(isCard)).toHaveLength(15);
  for (const refused of asked.filter((one) => !isCard(one))) {
    expect(refusalOf(refused)?.content).toMatch(
      /^You have queued 5 tasks in the last hour.*<t:\d+:t> \(<t:\d+:R>\)\.$/,
    );
    expect(refusalOf(refused)?.embeds[0]?.description).toMatch(/^task \d+$/);
  }
  expect(await server.api.stats()).toMatchObject({ pending: 15, total: 15 });
  for (const { id } of (await server.api.list('?limit=200')).tasks) {
    expect((await server.api.logs(id)).map(({ action }) => action)).toEqual(['created']);
  }
}, 60_000);

it('the trail that the client shows names who paused the queue, in Discord and elsewhere', async () => {
  const server = await start({ MANAGE_ROLES: 'ops' });
  const oleg = twin.user('oleg', { roles: ['ops'] });
  const page = await oleg.slash('queue').message();
  expect((await twin.user('alice').clickButton(page, 'Pause').message()).text).toContain('the role **ops**');
  await oleg.clickButton(page, 'Pause').answer();
  await twin.waitFor(() => page.text.includes('Paused'));

  const machine = { url: server.url, key: KEY, home: `${folder}/mac`, instance: 'mac', name: 'mac' };
  expect((await runClient(machine, 'resume')).code).toBe(0);
  const { stdout, code } = await runClient(machine, 'audit', '--json');
  expect(code).toBe(0);
  expect(AuditList.parse(JSON.parse(stdout)).entries).toMatchObject([
    { action: 'queue_resumed', actor: 'operator' },
    { action: 'queue_paused', actor: `discord:${oleg.id}` },
  ]);
}, 30_000);
