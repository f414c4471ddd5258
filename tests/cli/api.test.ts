import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine, type Machine } from '../support/cli-run.ts';
import {
  refusal,
  startCliServer,
  type Answer,
  type CliServer,
  type SeenRequest,
} from '../support/cli-server.ts';
import { claimed, statsView, taskView } from '../support/cli-task.ts';

let server: CliServer;
let machine: Machine;
let answer: (request: SeenRequest) => Answer;
beforeEach(async () => {
  server = await startCliServer((request) => answer(request));
  machine = createMachine(server.url);
});
afterEach(async () => {
  machine.remove();
  await server.close();
});

const list = { tasks: [taskView()], next_cursor: null };
const raw = (write: Extract<Answer, { raw: unknown }>['raw']): Answer => ({ raw: write });
const pendingFiles = () => machine.files().filter((file) => file.includes('pending-writes'));
const keysSeen = () => server.seen.map(({ headers }) => headers['idempotency-key']);

describe('a request', () => {
  it('carries the key, goes below the path of the URL, and follows no redirect', async () => {
    answer = () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' }, json: {} });
    const ran = await machine.run(['list'], { env: { ATHENA_API_URL: `${server.url}/athena/` } });
    expect(server.calls()).toEqual(['GET /athena/api/tasks?limit=50']);
    expect(server.seen[0]?.headers['x-api-key']).toBe('secret-key');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/redirects to http:\/\/127\.0\.0\.1:1\/elsewhere/);
  });

  it('is repeated while the server says not now', async () => {
    const answers = [refusal(503, 'unavailable'), refusal(500, 'internal'), { json: list }];
    answer = () => answers.shift() ?? { json: list };
    const ran = await machine.run(['list']);
    expect(ran.code).toBe(0);
    expect(ran.slept).toEqual([150, 300]);
  });

  it('honours Retry-After', async () => {
    const answers: Answer[] = [{ ...refusal(429, 'rate_limited'), headers: { 'retry-after': '2' } }];
    answer = () => answers.shift() ?? { json: list };
    expect((await machine.run(['list'])).slept).toEqual([2150]);
  });

  it('ends with 6 when nothing helps, in one line with the next step', async () => {
    answer = () => refusal(503, 'unavailable');
    const ran = await machine.run(['list']);
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expect(ran.stderr).toBe('❌ The server said unavailable. Run the same command again in a moment.\n');
    expect(server.seen).toHaveLength(4);
  });

  it('ends with 6 when nobody is there', async () => {
    await server.close();
    const ran = await machine.run(['list']);
    expect(ran.code).toBe(6);
    expect(ran.stderr).toMatch(
      /^❌ Cannot reach Athena at http:\/\/127.0.0.1:\d+: connection refused\. [^\n]+\n$/,
    );
  });

  it('ends with 4 and says how to log in when the key is wrong or missing', async () => {
    answer = () => refusal(401, 'unauthenticated', { message: 'The key secret-key is wrong.' });
    const wrong = await machine.run(['list']);
    expect(wrong.code).toBe(4);
    expect(wrong.stderr).toBe(
      '❌ The key *** is wrong. Run "claude-task-client login", or set ATHENA_API_KEY.\n',
    );
    const missing = await machine.run(['list'], { env: { ATHENA_API_KEY: '' } });
    expect(missing).toMatchObject({ code: 4 });
    expect(missing.stderr).toContain('No API key is configured.');
    expect(server.seen[1]?.headers).not.toHaveProperty('x-api-key');
  });
});

describe('an answer that is none', () => {
  const html = '<html>Bad gateway</html>';
  it.each([
    [502, 6, /HTTP status 502/],
    [404, 1, /HTTP status 404/],
    [401, 4, /HTTP status 401/],
  ])('a proxy page with status %i ends with %i', async (status, code, words) => {
    answer = () => raw((response) => response.writeHead(status, { 'content-type': 'text/html' }).end(html));
    const ran = await machine.run(['list']);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toMatch(words);
    expect(ran.stderr.trimEnd()).not.toContain('\n');
  });

  it.each([
    ['a page', html],
    ['half a document', '{"tasks": ['],
    ['another document', '{"hello": "world"}'],
    ['nothing', ''],
  ])('%s with status 200 ends with 1', async (_what, text) => {
    answer = () => raw((response) => response.writeHead(200).end(text));
    const ran = await machine.run(['list']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('not in the way Athena does');
  });

  it('compressed without being asked ends with 1', async () => {
    const body = zlib.gzipSync(JSON.stringify(list));
    answer = () => raw((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));
    expect((await machine.run(['list'])).code).toBe(1);
  });

  it('that is endless ends with 1 after 8 MiB', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'a');
    answer = () =>
      raw((response) => {
        const more = () => {
          while (response.write(chunk));
          response.once('drain', more);
        };
        more();
      });
    const ran = await machine.run(['list']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('larger than 8 MiB');
  });

  it('that breaks off is asked for again, then ends with 6', async () => {
    answer = () =>
      raw((response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"tasks": [', () => response.destroy());
      });
    const ran = await machine.run(['list']);
    expect(ran.code).toBe(6);
    expect(server.seen).toHaveLength(4);
  });

  it('in no HTTP at all ends with 1', async () => {
    answer = () => raw((response) => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'));
    const ran = await machine.run(['list']);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.stderr).toContain('does not speak HTTP');
  });

  it('with more than we know is shown as it came', async () => {
    const odd = taskView({ status: 'on_hold', priority: 'urgent' });
    answer = () => ({ json: { tasks: [{ ...odd, mood: 'good' }], next_cursor: null, extra: 1 } });
    const ran = await machine.run(['list', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ extra: 1, tasks: [{ mood: 'good', priority: 'urgent' }] });
    expect((await machine.run(['list', '--status', 'on_hold'])).stdout).toContain('on hold');
  });
});

describe('a write', () => {
  it('carries one idempotency key through all its repeats, and leaves nothing behind', async () => {
    const answers = [refusal(503, 'unavailable'), raw((response) => response.destroy())];
    answer = () =>
      answers.shift() ?? { status: 201, json: { task_id: 6, status: 'pending', task: taskView() } };
    const ran = await machine.run(['add', 'x']);
    expect(ran).toMatchObject({ code: 0, stdout: '📋 Task #6 queued\n' });
    expect(new Set(keysSeen()).size).toBe(1);
    expect(keysSeen()[0]).toMatch(/^[\x21-\x7e]{1,200}$/);
    expect(pendingFiles()).toEqual([]);
  });

  it('is saved before it is sent', async () => {
    let saved: string[] = [];
    answer = () => {
      saved = pendingFiles();
      return { json: { task: taskView() } };
    };
    await machine.run(['edit', '5', 'y']);
    expect(saved).toHaveLength(1);
  });

  const dead = { self: '1-1-x', isAlive: () => false };
  const asked = () => new Set(keysSeen()).size;
  const created = { status: 201, json: { task_id: 6, status: 'pending', task: taskView() } };

  it('is the same write in the next run after a run that heard no answer', async () => {
    answer = () => refusal(503, 'unavailable');
    expect((await machine.run(['add', 'x'], { owners: dead })).code).toBe(6);
    answer = () => created;
    await machine.run(['add', 'x'], { owners: dead });
    expect(asked()).toBe(1);
    await machine.run(['add', 'x'], { owners: dead });
    expect(asked()).toBe(2);
  });

  it.each([
    ['a refusal', refusal(400, 'invalid_input')],
    ['a conflict', refusal(409, 'invalid_transition')],
    ['a wrong key', refusal(401, 'unauthenticated')],
  ])('is over after %s', async (_what, refused) => {
    answer = () => refused;
    await machine.run(['add', 'x'], { owners: dead });
    expect(pendingFiles()).toEqual([]);
  });

  it('is not over when a proxy answered in place of the server', async () => {
    answer = () => raw((response) => response.writeHead(200).end('<html>'));
    await machine.run(['add', 'x'], { owners: dead });
    expect(pendingFiles()).toHaveLength(1);
  });

  it('gets the same claim again after a kill, also when the next run waits for less time', async () => {
    const given = new Map<string, object>();
    const keep = ({ headers, url }: SeenRequest): Answer => {
      const key = String(headers['idempotency-key']);
      if (!given.has(key)) given.set(key, claimed({ id: 40 + given.size }));
      return url === '/api/stats' ? { json: statsView() } : { json: given.get(key) };
    };
    answer = (request) => {
      keep(request);
      return raw((response) => response.destroy());
    };
    expect((await machine.run(['claim', '--wait', '30'], { owners: dead })).code).toBe(6);
    answer = keep;
    expect((await machine.run(['claim'], { owners: dead })).stdout).toContain('✅ Task #40 claimed');
    expect((await machine.run(['claim'], { owners: dead })).stdout).toContain('✅ Task #41 claimed');
  });

  it('claims anew when the lease of a repeated claim has ended', async () => {
    answer = () => refusal(503, 'unavailable');
    await machine.run(['claim'], { owners: dead });
    const stale = keysSeen()[0];
    answer = ({ headers }) =>
      headers['idempotency-key'] === stale ? refusal(409, 'lease_lost') : { json: claimed() };
    expect((await machine.run(['claim'], { owners: dead })).stdout).toContain('✅ Task #5 claimed');
    expect(pendingFiles()).toEqual([]);
  });
});
