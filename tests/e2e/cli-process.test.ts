import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import manifest from '../../cli/package.json' with { type: 'json' };
import {
  refusal,
  startCliServer,
  type Answer,
  type CliServer,
  type SeenRequest,
} from '../support/cli-server.ts';
import { beatAnswer, claimed, taskView } from '../support/cli-task.ts';
import { makeFakeNpm } from '../support/worker/fake-npm.ts';

const BUNDLE = path.join(import.meta.dirname, '../../cli/dist/claude-task-client.mjs');

let home: string;
let server: CliServer;
let answer: (request: SeenRequest) => Answer;
const started = new Set<ChildProcess>();
beforeEach(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-cli-'));
  server = await startCliServer((request) => answer(request));
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
  await server.close();
  fs.rmSync(home, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

function start(argv: readonly string[], env: Record<string, string> = {}) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [BUNDLE, ...argv], {
    env: { HOME: home, PATH: process.env['PATH'], ATHENA_API_URL: server.url, ATHENA_API_KEY: 'k', CLAUDE_INSTANCE: 'mac', ...env }, // prettier-ignore
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  started.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      started.delete(child);
      resolve({ code, stdout, stderr, ms: performance.now() - startedAt });
    });
  });
  return { child, ended };
}

const cli = (argv: readonly string[], env?: Record<string, string>, input = '') => {
  const { child, ended } = start(argv, env);
  child.stdin.end(input);
  return ended;
};

async function asked(count: number): Promise<void> {
  while (server.seen.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the bundle', () => {
  it('runs by itself, from any folder, and knows its version', async () => {
    const alone = path.join(home, 'client');
    fs.copyFileSync(BUNDLE, alone);
    const renamed = `${alone}.mjs`;
    fs.renameSync(alone, renamed);
    expect(fs.statSync(renamed).mode & 0o111).not.toBe(0);
    const child = spawn(renamed, ['--version'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const version = await new Promise((resolve) => child.stdout.once('data', (data: Buffer) => { resolve(data.toString()); })); // prettier-ignore
    expect(version).toBe(`${manifest.version}\n`);
  });

  it('talks to a server and saves state only in its folder', async () => {
    answer = () => ({ json: claimed() });
    expect(await cli(['claim'])).toMatchObject({ code: 0, stderr: '' });
    const state = path.join(home, '.local/state/claude-task-client');
    expect(fs.readdirSync(state).sort()).toEqual(['leases.json', 'pending-writes']);
    expect(fs.readdirSync(path.join(state, 'pending-writes'))).toEqual([]);
    expect(fs.statSync(state).mode & 0o777).toBe(0o700);
  });

  it('brings the worker, which loads the Agent SDK from where it was installed', async () => {
    answer = () => ({ json: beatAnswer() });
    const config = path.join(home, 'worker.yaml');
    fs.writeFileSync(config, 'workspace: ./ws\nprojects:\n  notes:\n    repo: ./nowhere\n');
    const PATH = `${makeFakeNpm(home)}:${process.env['PATH'] ?? ''}`;
    const env = { PATH, ANTHROPIC_BASE_URL: server.url };
    const ended = await cli(['work', 'setup', '--config', config], env);
    expect(ended.stdout).toContain('✅ Agent SDK 0.3.329: It is installed; its program says 2.1.329');
  });

  it('reads a description from a pipe', async () => {
    answer = () => ({ status: 201, json: { task_id: 6, status: 'pending', task: taskView() } });
    expect((await cli(['add', '-'], {}, 'one\ntwo\n')).stdout).toBe('📋 Task #6 queued\n');
    expect(server.seen[0]?.json).toEqual({ description: 'one\ntwo' });
  });

  it('ends quietly when nobody reads on', async () => {
    const tasks = Array.from({ length: 200 }, (_, at) =>
      taskView({ id: at + 1, description: 'x'.repeat(3000) }),
    );
    answer = () => ({ json: { tasks, next_cursor: null } });
    const { child, ended } = start(['list', '--json']);
    child.stdout.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

const ANSWERS_OF_A_BAD_DAY: Record<string, Answer> = {
  'accepts and never answers': { raw: () => {} },
  'drips bytes': {
    raw: (response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => {
        clearInterval(drip);
      });
    },
  },
  'says not now': refusal(503, 'unavailable', {}),
};

describe('check, whatever the server does, ends within 2 s with 6 and one line', () => {
  it.each(Object.entries(ANSWERS_OF_A_BAD_DAY))('%s', async (_what, behaviour) => {
    answer = () => behaviour;
    const ran = await cli(['check']);
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expect(ran.stderr).toMatch(/^❌ [^\n]+\n$/);
    expect(ran.ms).toBeLessThan(2000);
  });

  it('is not there', async () => {
    const free = net.createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as net.AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const ran = await cli(['check'], { ATHENA_API_URL: `http://127.0.0.1:${port}` });
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expect(ran.ms).toBeLessThan(2000);
  });
});

describe('killed and side by side', () => {
  const keys = () => server.seen.map(({ headers }) => String(headers['idempotency-key']));
  const created: Answer = { status: 201, json: { task_id: 6, status: 'pending', task: taskView() } };

  it('a claim killed before its answer was read is the same claim the next time', async () => {
    answer = () => ({ raw: () => {} });
    const { child, ended } = start(['claim', '--wait', '30']);
    await asked(1);
    child.kill('SIGKILL');
    await ended;
    answer = () => ({ json: claimed() });
    expect((await cli(['claim', '--wait', '30'])).stdout).toContain('✅ Task #5 claimed');
    expect(keys()[1]).toBe(keys()[0]);
    expect(server.seen[1]?.body).toBe(server.seen[0]?.body);
    await cli(['claim', '--wait', '30']);
    expect(keys()[2]).not.toBe(keys()[0]);
  });

  it('two of the same command at the same time are two writes', async () => {
    answer = () => (server.seen.length < 2 ? { raw: (response) => void setTimeout(() => { response.writeHead(201).end(JSON.stringify((created as { json: unknown }).json)); }, 1500) } : created); // prettier-ignore
    const first = start(['add', 'x']);
    await asked(1);
    const second = await cli(['add', 'x']);
    expect([(await first.ended).code, second.code]).toEqual([0, 0]);
    expect(new Set(keys()).size).toBe(2);
  });

  it('claims side by side lose no lease', async () => {
    answer = () => {
      const answered = claimed({ id: server.seen.length }, `lease-${server.seen.length}`);
      return { json: { ...answered, lease: { ...answered.lease, expires_at: '2999-01-01T00:00:00.000Z' } } };
    };
    await Promise.all(Array.from({ length: 6 }, () => cli(['claim'])));
    const file = path.join(home, '.local/state/claude-task-client/leases.json');
    const { leases } = JSON.parse(fs.readFileSync(file, 'utf8')) as { leases: unknown[] };
    expect(leases).toHaveLength(6);
  });

  it('a waiting claim ends at once on Ctrl-C with 130 and closes its connection', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = () => ({ raw: (response) => response.once('close', resolve) });
    });
    const { child, ended } = start(['claim', '--wait', '600', '--json']);
    await asked(1);
    const interruptedAt = performance.now();
    child.kill('SIGINT');
    const ran = await ended;
    await closed;
    expect(performance.now() - interruptedAt).toBeLessThan(1000);
    expect(ran.code).toBe(130);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: 'interrupted' });
  });
});
