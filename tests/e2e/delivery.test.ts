import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Health } from '../../src/contract/stats.ts';
import { createDiscordTwin, type DiscordTwin } from '../support/discord-twin/index.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';

let twin: DiscordTwin;
let server: RunningServer;
let folder: string;

const POSTS = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };

beforeEach(async () => {
  folder = newFolder();
  twin = createDiscordTwin({ channels: ['claude-tasks'] });
  await twin.start();
  server = await start();
});

afterEach(async () => {
  await cleanUp();
  await twin.stop();
});

async function start(): Promise<RunningServer> {
  const started = await startServer({
    folder,
    env: { DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url },
  });
  await started.line('commands registered');
  return started;
}

const channel = () => twin.channel('claude-tasks').messages.map((message) => message.text);
const linesWith = (text: string) => channel().filter((line) => line.includes(text));
const seen = (text: string) =>
  twin.waitFor(() => linesWith(text).length > 0, { what: text, timeoutMs: 15_000 });
const add = (description: string) => server.api.add(description);

async function killedWhile(when: 'before' | 'after', act: () => Promise<unknown>): Promise<void> {
  const held = twin.fault(POSTS, { kind: 'hold', when });
  await act();
  await twin.waitFor(() => held.held > 0, { what: 'a held send', timeoutMs: 15_000 });
  await server.kill();
  held.release();
  held.remove();
}

describe('a notification', () => {
  it('is sent once when the server is killed before it left', async () => {
    await killedWhile('before', () => add('before the send'));

    server = await start();
    await add('the next one');

    await seen('the next one');
    expect(linesWith('before the send')).toHaveLength(1);
  });

  it('is sent once when the server is killed before it could remember the send', async () => {
    await killedWhile('after', () => add('sent, not remembered'));

    server = await start();
    await add('the next one');

    await seen('the next one');
    expect(linesWith('sent, not remembered')).toHaveLength(1);
  });

  it('is found again in the channel when its nonce is forgotten', async () => {
    await killedWhile('after', () => add('long ago'));
    makeSendLookOld();
    twin.advance(10 * 60_000);

    server = await start();
    await add('the next one');

    await seen('the next one');
    expect(linesWith('long ago')).toHaveLength(1);
    expect(twin.requests.some(({ method, path }) => method === 'GET' && path.endsWith('/messages'))).toBe(
      true,
    );
  });

  it('waits out an outage, and then all of them come once and in order', async () => {
    await twin.beginOutage('bad-gateway');
    for (let n = 1; n <= 5; n++) await add(`task number ${n}`);
    const health = (await server.send('GET', '/health')).as(Health);
    await twin.endOutage();

    await seen('task number 5');
    expect(health.status).toBe('healthy');
    expect(health.notifications.undelivered).toBeGreaterThan(0);
    expect(numbers(/task number (\d)/)).toEqual([1, 2, 3, 4, 5]);
  });

  it('survives random kills: each event once and in order', async () => {
    const seed = Date.now() % 100_000;
    console.log(`seed ${seed}`);
    const random = mulberry(seed);
    const tasks = 12;
    for (let n = 1; n <= tasks; n++) {
      await add(`task number ${n}`);
      await server.send('POST', `/api/tasks/${n}/claim`, { body: { instance_id: 'mac' } });
      await server.send('POST', `/api/tasks/${n}/complete`, { body: { instance_id: 'mac' } });
      if (n % 3 === 0) {
        const sends = twin.requests.length + Math.floor(random() * 6);
        await twin.waitFor(() => twin.requests.length >= sends || isDelivered(n), {
          what: 'some sends',
          timeoutMs: 15_000,
        });
        await server.kill();
        server = await start();
      }
    }

    await twin.waitFor(() => isDelivered(tasks), { what: 'the last end', timeoutMs: 30_000 });
    const expected = Array.from({ length: tasks }, (_, n) => n + 1);
    expect(numbers(/🔄 Task #(\d+) claimed/)).toEqual(expected);
    expect(numbers(/✅ Task #(\d+) Completed!/)).toEqual(expected);
    expect(twin.violations).toEqual([]);
  });
});

const isDelivered = (id: number) => linesWith(`✅ Task #${id} Completed!`).length > 0;

function numbers(pattern: RegExp): number[] {
  return channel().flatMap((line) => (pattern.test(line) ? [Number(pattern.exec(line)?.[1])] : []));
}

/** As if the machine had been off for a while: only the database knows when the send began. */
function makeSendLookOld(): void {
  const client = new Database(`${folder}/tasks.db`);
  const row = client.prepare("SELECT value FROM front_end_values WHERE name = 'sending'").pluck().get();
  const sending = {
    ...(JSON.parse(String(row)) as object),
    since: new Date(Date.now() - 10 * 60_000).toISOString(),
  };
  client.prepare("UPDATE front_end_values SET value = ? WHERE name = 'sending'").run(JSON.stringify(sending));
  client.close();
}

/** A small seeded generator, so that a failure can be run again. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
