import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDiscordTwin, type DiscordTwin } from '../support/discord-twin/index.ts';
import { runClient, type ClientMachine } from '../support/client-process.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { KEY } from '../support/http-world.ts';

let twin: DiscordTwin;
let server: RunningServer;
let folder: string;

beforeEach(async () => {
  folder = newFolder();
  twin = createDiscordTwin();
  await twin.start();
});

afterEach(async () => {
  await cleanUp();
  await twin.stop();
});

const start = () => startServer({ folder, env: { DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url } });

const machine = (instance: string, name: string): ClientMachine => ({
  url: server.url,
  key: KEY,
  home: `${folder}/${instance}`,
  instance,
  name,
});

const channel = () => twin.channel('claude-tasks').messages.map((message) => message.text);
const seen = (text: string) =>
  twin.waitFor(() => channel().some((line) => line.includes(text)), { what: text });

describe('a task', () => {
  it('travels from Discord to a machine and back, and the channel shows each step', async () => {
    server = await start();
    await twin.waitForBot();
    const alice = twin.user('alice');
    const mac = machine('mac', 'MacBook-Claude');

    const card = await alice
      .slash('task', { description: 'Deploy new monitoring stack', priority: 'high' })
      .message();
    expect(card.text).toContain('📋 Task Queued');
    expect(card.text).toContain('#1');

    const checked = await runClient(mac, 'check');
    expect(checked).toMatchObject({
      code: 0,
      stdout: '📋 1 task(s) pending - Next: #1 Deploy new monitoring stack\n',
    });

    const claimed = await runClient(mac, 'claim');
    expect(claimed.stdout).toContain('✅ Task #1 claimed');
    await seen('🔄 Task #1 claimed by MacBook-Claude');

    const completed = await runClient(mac, 'complete', '1', '--notes', 'All dashboards are up');
    expect(completed.stdout).toContain('✅ Task #1 completed');
    await seen('✅ Task #1 Completed!');
    await twin.waitFor(() => card.text.includes('Task Completed'), { what: 'the card' });

    expect(twin.pings.map(({ users }) => users)).toEqual([[alice.id]]);
    expect(twin.channel('claude-tasks').messages[0]?.id).toBe(card.id);
    expect(twin.violations).toEqual([]);
    expect(twin.unknownRoutes).toEqual([]);
  });

  it('that fails on one machine is done by another', async () => {
    server = await start();
    await twin.waitForBot();
    const [mac, lab] = [machine('mac', 'MacBook'), machine('lab', 'Homelab')];
    await runClient(mac, 'add', 'Run the backup');

    await runClient(mac, 'claim');
    await runClient(mac, 'fail', '1', '--error', 'no such disk');
    const again = await runClient(lab, 'claim');
    const stale = await runClient(mac, 'complete', '1');
    const done = await runClient(lab, 'complete', '1');

    expect(again.stdout).toContain('no such disk');
    expect(stale.code).toBe(5);
    expect(done.code).toBe(0);
    await seen('🔁 Task #1 back in the queue (1 of 3)');
    await seen('✅ Task #1 Completed!');
  });

  it('cancelled in Discord is lost to its holder', async () => {
    server = await start();
    await twin.waitForBot();
    const mac = machine('mac', 'MacBook');
    await runClient(mac, 'add', 'Delete everything');
    await runClient(mac, 'claim');

    const answer = await twin.user('alice').slash('cancel', { task_id: '1' }).message();
    const late = await runClient(mac, 'complete', '1');

    expect(answer.isEphemeral).toBe(true);
    expect(late.code).toBe(5);
    await seen('🚫 Task #1 cancelled');
  });

  it('claimed by eight client processes side by side has one winner', async () => {
    server = await start();
    await server.api.add('only once');
    const machines = Array.from({ length: 8 }, (_, n) => machine(`m${n}`, `Machine ${n}`));

    const runs = await Promise.all(machines.map((each) => runClient(each, 'claim', '1')));

    expect(runs.map(({ code }) => code).sort()).toEqual([0, 5, 5, 5, 5, 5, 5, 5]);
  });
});
