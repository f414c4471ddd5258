import Database from 'better-sqlite3';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDiscordTwin } from '../support/discord-twin/index.ts';
import { runClient } from '../support/client-process.ts';
import { openSocket, headText } from '../support/http-socket.ts';
import { cleanUp, newFolder, spawnServer, startServer, type RunningServer } from '../support/http-process.ts';
import type { Reply } from '../support/http-world.ts';

// Each is easy to find again, whatever surrounds it.
const API_KEY = 'planted-owner-key-"with"-quotes-0123456789';
const WRONG = [
  'planted-wrong-key-1',
  'planted-wrong-key-2',
  'planted-wrong-key-3',
  'planted-wrong-key-4',
] as const;
const IN_QUERY = 'planted-in-the-query';
const IN_BODY = 'planted-in-a-broken-body';
const ONCE = 'planted-idempotency-key';
/** No secret, but nobody's business in a log. */
const TASK = 'planted-text-of-a-task';

afterEach(cleanUp);

const head = (target: string, header: string) =>
  `GET ${target} HTTP/1.1\r\nHost: athena\r\n${header}\r\n\r\n`;

/** What a careless or hostile client may send; the answers are told. */
async function sendEverythingWrong(server: RunningServer): Promise<Reply[]> {
  const json = { 'x-api-key': API_KEY };
  const replies = [
    await server.send('GET', '/api/stats', { headers: { 'x-api-key': WRONG[0] } }),
    await server.send('GET', '/api/stats', {
      headers: { 'x-api-key': null, authorization: `Bearer ${WRONG[1]}` },
    }),
    await server.send('GET', '/api/stats', {
      headers: { 'x-api-key': null, authorization: `Basic ${WRONG[2]}` },
    }),
    await server.send('GET', `/api/stats?key=${IN_QUERY}&api_key=${IN_QUERY}`, { headers: json }),
    await server.send('GET', `/api/tasks?status=${IN_QUERY}`, { headers: { 'x-api-key': null } }),
    await server.send('POST', '/api/tasks', { body: `{"key":"${IN_BODY}"`, headers: json }),
    await server.send('POST', '/api/tasks', { body: { description: 5, key: IN_BODY }, headers: json }),
    await server.send('POST', '/api/tasks', {
      body: { description: 'x' },
      headers: json,
      idempotencyKey: ONCE,
    }),
    await server.send('POST', '/api/tasks', {
      body: { description: 'y' },
      headers: json,
      idempotencyKey: ONCE,
    }),
    await server.send('GET', '/health', {
      headers: { ...json, 'x-request-id': API_KEY.replaceAll('"', '.') },
    }),
  ];
  for (const bytes of [
    head('/api/stats', `X-API-Key: ${WRONG[3]}\r\nbroken ${WRONG[3]}`),
    head('/api/stats', `X-API-Key: ${WRONG[3]}${'x'.repeat(40_000)}`),
    head(`http://user:${IN_QUERY}@[/api/stats`, `X-API-Key: ${WRONG[3]}`),
    headText('POST', '/api/tasks', ['Content-Length: 4', 'Transfer-Encoding: chunked']),
  ]) {
    const socket = await openSocket(server.port);
    socket.write(bytes);
    replies.push(await socket.answer());
    socket.cut();
  }
  return replies;
}

function expectNothingPlanted(text: string, ...secrets: string[]): void {
  for (const secret of [
    API_KEY,
    JSON.stringify(API_KEY).slice(1, -1),
    ...WRONG,
    IN_QUERY,
    IN_BODY,
    ...secrets,
  ]) {
    const at = text.indexOf(secret);
    expect(at === -1 ? '' : text.slice(Math.max(0, at - 200), at + 100), secret).toBe('');
  }
}

describe('at the level trace, no secret is in the log, on stderr, in an answer, in /health or in Discord', () => {
  it('after wrong keys, broken requests and a fault', { timeout: 60_000 }, async () => {
    const twin = createDiscordTwin();
    await twin.start();
    const folder = newFolder();
    const env = { API_KEY, LOG_LEVEL: 'trace', DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url };
    const server = await startServer({ folder, env });
    await twin.waitForBot();
    const replies = await sendEverythingWrong(server);
    await twin.user('alice').slash('task', { description: TASK }).message();
    await twin.user('alice').slash('athena', {}).message();
    const machine = { url: server.url, home: folder, instance: 'mac' };
    const runs = [
      await runClient({ ...machine, key: WRONG[0] }, 'list'),
      await runClient({ ...machine, key: API_KEY }, 'status', '--json'),
      await runClient({ ...machine, key: API_KEY, url: `${server.url}/nowhere` }, 'list'),
    ];
    // A fault with a stack: the tables go away under the server.
    const other = new Database(path.join(folder, 'tasks.db'));
    other.pragma('foreign_keys = OFF');
    other.exec('DROP TABLE task_logs');
    other.close();
    const headers = { 'x-api-key': API_KEY };
    const broken = await server.send('POST', '/api/tasks', {
      body: { description: TASK, key: IN_BODY },
      headers,
    });
    replies.push(broken, await server.send('GET', '/health'));
    await server.stop();

    expect(broken.status).toBe(500);
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(4);
    expect(server.lines.some(({ level, error }) => level === 'error' && error !== undefined)).toBe(true);
    expect(server.lines.some(({ level, msg }) => level === 'debug' && msg === 'request')).toBe(true);
    expectNothingPlanted(JSON.stringify(server.lines), twin.token, ONCE, TASK);
    expectNothingPlanted(server.stderr(), twin.token, ONCE);
    for (const { text, headers: sent } of replies) {
      // A sender gets its own request id back, whatever it was.
      const headers = [...sent].filter(([name]) => name !== 'x-request-id');
      expectNothingPlanted(text + JSON.stringify(headers), twin.token, ONCE);
    }
    for (const { stdout, stderr } of runs) expectNothingPlanted(stdout + stderr, twin.token);
    const said = twin.channel('claude-tasks').messages.map(({ text }) => text);
    expect(said.length).toBeGreaterThan(0);
    expectNothingPlanted(JSON.stringify(said), twin.token);
    await twin.stop();
  });

  it('when Discord refuses the token', async () => {
    const twin = createDiscordTwin();
    await twin.start();
    const token = `${Buffer.from('1').toString('base64url')}.planted.${'fake-token-planted'.padEnd(38, '0')}`;
    const env = { API_KEY, LOG_LEVEL: 'trace', DISCORD_TOKEN: token, DISCORD_API_URL: twin.url };
    const server = await startServer({ folder: newFolder(), env });
    let health = await server.send('GET', '/health');
    while (!health.text.includes('"failed"')) health = await server.send('GET', '/health');
    await server.stop();
    expectNothingPlanted(
      JSON.stringify(server.lines) + server.stderr() + health.text,
      token,
      'fake-token-planted',
    );
    await twin.stop();
  });

  it.each([
    ['an address with a password', { DISCORD_API_URL: 'https://user:planted-password@127.0.0.1:1/api' }],
    ['a token with a blank', { DISCORD_TOKEN: 'planted-password token' }],
    ['a key with a blank', { API_KEY: 'planted-password key' }],
    ['a port that is a key', { API_PORT: 'planted-password' }],
  ])('when %s stops the start', async (_what, env) => {
    const server = spawnServer({ folder: newFolder(), env: { LOG_LEVEL: 'trace', ...env } });
    expect((await server.exited).code).toBe(2);
    expect(JSON.stringify(server.lines) + server.stderr()).not.toContain('planted-password');
    expect(server.stderr()).toContain(Object.keys(env)[0]);
  });
});
