/** How runs end that do not end well: killed workers, cancelled tasks, workers that are told to leave. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartedClient } from '../support/client-process.ts';
import { git, makeRepository, startGitServer, type GitServer } from '../support/git-server.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { isGone, pidIn, until } from '../support/worker/until.ts';
import { createWorkerMachine, type MachineOptions } from '../support/worker-machine.ts';

let server: RunningServer;
let host: GitServer;
let bare: string;
let folder: string;
const started: StartedClient[] = [];

beforeEach(async () => {
  folder = newFolder();
  server = await startServer({ folder, env: { LEASE_MINUTES: '0.17' } });
  host = await startGitServer();
  bare = makeRepository(host.root, 'notes', { 'README.md': 'one\n' });
});

afterEach(async () => {
  for (const client of started.splice(0)) client.signal('SIGKILL');
  await cleanUp();
  await host.close();
});

const machine = (name: string, shell: string, more: Partial<MachineOptions> = {}) =>
  createWorkerMachine({ folder, name, url: server.url, repo: host.urlOf('notes'), shell, ...more });

function start(lab: ReturnType<typeof machine>, ...argv: string[]): StartedClient {
  const client = lab.start(...argv);
  started.push(client);
  return client;
}

/** Writes its number, and half of its work, into the clone; then it sleeps. */
const SLEEPER = (pidFile: string) =>
  `echo half > half.txt; echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; echo begun; sleep 600`;

const branches = () => git(bare, 'for-each-ref', '--format=%(refname)').split('\n');
const isStatus = async (id: number, status: string) => (await server.api.get(id)).status === status;

async function untilStatus(id: number, status: string, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isStatus(id, status))) {
    if (performance.now() > deadline) throw new Error(`Task ${id} did not become ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a worker', () => {
  it('that is killed in the middle of a run is followed by another, which goes on from the last save', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const first = machine('first', SLEEPER(pidFile), { file: ['checkpoint_minutes: 0.005'] });
    await server.api.add('Write it down', { project: 'notes' });
    const killed = start(first);
    const pid = await pidIn(pidFile);
    await until('a save', () => branches().includes('refs/athena/1/1'));
    killed.signal('SIGKILL');
    await killed.ended;
    process.kill(-pid, 'SIGKILL');

    const second = machine('second', 'cat half.txt; echo whole > whole.txt');
    start(second);
    await untilStatus(1, 'completed', 60_000);

    const task = await server.api.get(1);
    expect(task.result).toMatchObject({
      outcome: 'done',
      branch: 'claude/1-write-it-down',
      files_changed: 2,
    });
    expect(task.attempt).toBe(2);
    expect(git(bare, 'show', 'claude/1-write-it-down:half.txt')).toBe('half');
    expect(branches()).toEqual(['refs/heads/claude/1-write-it-down', 'refs/heads/main']);
  });

  it('clears up after itself when it starts again: processes, work, lease', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const lab = machine('lab', SLEEPER(pidFile));
    await server.api.add('Write it down', { project: 'notes' });
    const killed = start(lab);
    const pid = await pidIn(pidFile);
    killed.signal('SIGKILL');
    await killed.ended;
    expect(isGone(pid)).toBe(false);

    const again = machine('lab', 'cat half.txt');
    const ran = await again.once();

    expect(ran).toMatchObject({ code: 0 });
    expect(isGone(pid)).toBe(true);
    expect(await server.api.get(1)).toMatchObject({ status: 'completed', attempt: 2 });
    expect(git(bare, 'show', 'claude/1-write-it-down:half.txt')).toBe('half');
  });

  it('ends a cancelled run within two seconds, and keeps its work on a branch of its own', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const lab = machine('lab', `trap '' TERM; ${SLEEPER(pidFile)}`);
    await server.api.add('Write it down', { project: 'notes' });
    const once = start(lab, '--once');
    const pid = await pidIn(pidFile);

    expect((await server.send('POST', '/api/tasks/1/cancel', { body: {} })).status).toBe(200);
    await until('the end of the run', () => isGone(pid), 2_000);

    expect(await once.ended).toMatchObject({ code: 0 });
    const { result, status } = await server.api.get(1);
    expect(status).toBe('cancelled');
    expect(result?.branch).toMatch(/^claude\/1-write-it-down-lost-[0-9a-f]{8}$/);
    expect(git(bare, 'show', `${result?.branch ?? ''}:half.txt`)).toBe('half');
  });

  it('gives a run its grace when it is told to end, then saves its work and gives the task back', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const lab = machine('lab', SLEEPER(pidFile), { file: ['grace_minutes: 0.02'] });
    await server.api.add('Write it down', { project: 'notes' });
    const worker = start(lab);
    const pid = await pidIn(pidFile);

    worker.signal('SIGTERM');

    expect(await worker.ended).toMatchObject({ code: 0 });
    expect(isGone(pid)).toBe(true);
    expect(await server.api.get(1)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(branches()).toContain('refs/athena/1/1');
    const { text } = await server.send('GET', '/api/instances');
    expect(text).toContain('"projects":[]');
  });

  it('lets a run end in its grace, and takes nothing new', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const lab = machine('lab', `echo $$ > ${pidFile}; sleep 1; echo whole > whole.txt`, {
      file: ['concurrency: 1'],
    });
    await server.api.add('First', { project: 'notes' });
    await server.api.add('Second', { project: 'notes' });
    const worker = start(lab);
    await pidIn(pidFile);

    worker.signal('SIGTERM');

    expect(await worker.ended).toMatchObject({ code: 0 });
    expect(await server.api.get(1)).toMatchObject({ status: 'completed' });
    expect(await server.api.get(2)).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('is gone within ten seconds at the second signal, with its work saved', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const lab = machine('lab', `trap '' TERM; ${SLEEPER(pidFile)}`);
    await server.api.add('Write it down', { project: 'notes' });
    const worker = start(lab);
    const pid = await pidIn(pidFile);
    const begun = performance.now();

    worker.signal('SIGTERM');
    worker.signal('SIGINT');

    await worker.ended;
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(isGone(pid)).toBe(true);
    expect(await server.api.get(1)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(branches()).toContain('refs/athena/1/1');
  });

  it('does not take a task for ever that kills it each time', async () => {
    const pidFile = path.join(folder, 'run.pid');
    await server.stop();
    server = await startServer({ folder, env: { MAX_ATTEMPTS: '1' } });
    await server.api.add('Write it down', { project: 'notes' });
    const killed = start(machine('lab', SLEEPER(pidFile)));
    await pidIn(pidFile);
    killed.signal('SIGKILL');
    await killed.ended;

    expect(await machine('lab', 'true').once()).toMatchObject({ code: 0 });

    const task = await server.api.get(1);
    expect(task).toMatchObject({
      ...{ status: 'failed', attempt: 1, error: expect.stringContaining('The worker died') as unknown },
      result: { outcome: 'failed', branch: 'claude/1-write-it-down' },
    });
    expect(git(bare, 'show', 'claude/1-write-it-down:half.txt')).toBe('half');
  });

  it('is gone within ten seconds at the second signal, also where the repository does not answer', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const lab = machine('lab', SLEEPER(pidFile));
    await server.api.add('Write it down', { project: 'notes' });
    const worker = start(lab);
    await pidIn(pidFile);
    host.behave({ kind: 'hang' });
    const begun = performance.now();

    worker.signal('SIGTERM');
    worker.signal('SIGINT');

    await worker.ended;
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await server.api.get(1)).toMatchObject({ status: 'pending', attempt: 0 });
    const store = path.join(lab.workspace, 'stores/notes.git');
    expect(git(store, 'show', 'refs/athena/1/1:half.txt')).toBe('half');
  });

  it('that is told to end while it clears up after itself does so, and leaves the rest for the next time', async () => {
    const pidFile = path.join(folder, 'run.pid');
    await server.api.add('Write it down', { project: 'notes' });
    const killed = start(machine('lab', SLEEPER(pidFile)));
    await pidIn(pidFile);
    killed.signal('SIGKILL');
    await killed.ended;
    host.behave({ kind: 'hang' });
    host.seen.length = 0;
    const again = start(machine('lab', 'cat half.txt'));
    await until('the push', () => host.seen.length > 0);
    const begun = performance.now();
    again.signal('SIGTERM');
    await again.ended;
    expect(performance.now() - begun).toBeLessThan(10_000);
    host.behave({ kind: 'serve' });

    expect(await machine('lab', 'cat half.txt').once()).toMatchObject({ code: 0 });
    expect(await server.api.get(1)).toMatchObject({ status: 'completed' });
  });

  it('keeps the work of a project that is not pushed in a bundle, and names it', async () => {
    const lab = machine('lab', 'echo whole > whole.txt', { project: ['push: false'] });
    await server.api.add('Write it down', { project: 'notes' });

    const ran = await lab.once();

    expect(ran).toMatchObject({ code: 0 });
    const bundle = path.join(lab.workspace, 'kept/claude/1-write-it-down.bundle');
    expect(fs.existsSync(bundle)).toBe(true);
    const { result } = await server.api.get(1);
    expect(result).toMatchObject({ outcome: 'done', branch: 'claude/1-write-it-down' });
    expect(result?.summary).toContain(bundle);
    expect(branches()).toEqual(['refs/heads/main']);
  });

  it('has its workspace for itself: a second one exits with 2 and names the process', async () => {
    const lab = machine('lab', 'true');
    const worker = start(lab);
    await until('the lock', () => fs.existsSync(path.join(lab.workspace, 'lock')));
    await until('its session', () => fs.existsSync(path.join(lab.workspace, 'session')));

    const second = await lab.once();

    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`process ${worker.pid}`);
  });

  it('has its name for itself: another machine of that name exits with 2', async () => {
    const lab = machine('lab', 'true');
    start(lab);
    await until('its session', () => fs.existsSync(path.join(lab.workspace, 'session')));

    const elsewhere = createWorkerMachine({
      ...{ folder: path.join(folder, 'elsewhere'), name: 'lab', url: server.url, repo: host.urlOf('notes') },
      shell: 'true',
    });
    const second = await elsewhere.once();

    expect(second.code).toBe(2);
    expect(second.stderr).toContain('Another worker is called "lab"');
  });
});
