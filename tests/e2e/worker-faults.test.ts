/** What goes wrong around a worker: its server, its repository, its lease, its key, and what a run could find out. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartedClient } from '../support/client-process.ts';
import { git, GIT_TOKEN, makeRepository, startGitServer, type GitServer } from '../support/git-server.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { pidIn, until } from '../support/worker/until.ts';
import { createWorkerMachine, type MachineOptions } from '../support/worker-machine.ts';

const MODEL_KEY = 'fake-model-key-0123456789';

let server: RunningServer;
let host: GitServer;
let bare: string;
let folder: string;
let port: number;
const started: StartedClient[] = [];

beforeEach(async () => {
  folder = newFolder();
  port = await freePort();
  server = await startServer({ folder, env: { API_PORT: `${port}` } });
  host = await startGitServer();
  bare = makeRepository(host.root, 'notes', { 'README.md': 'one\n' });
});

afterEach(async () => {
  for (const client of started.splice(0)) client.signal('SIGKILL');
  await cleanUp();
  await host.close();
});

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: found } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return found;
}

const machine = (shell: string, more: Partial<MachineOptions> = {}) =>
  createWorkerMachine({ folder, name: 'lab', url: server.url, repo: host.urlOf('notes'), shell, ...more });

function start(lab: ReturnType<typeof machine>, ...argv: string[]): StartedClient {
  const client = lab.start(...argv);
  started.push(client);
  return client;
}

/** A proxy before the server, which says itself that there is nothing while the server is restarted, say. */
async function startFront(target: string) {
  let isAlone = false;
  let answered = 0;
  const front = http.createServer((incoming, outgoing) => {
    if (isAlone) {
      answered += 1;
      incoming.resume();
      outgoing.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>');
      return;
    }
    const { method, headers, url = '' } = incoming;
    const onwards = http.request(target + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onwards.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onwards.destroy());
    incoming.pipe(onwards);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port: found } = front.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${found}`,
    answered: () => answered,
    answersItself(itself: boolean) {
      isAlone = itself;
      // Whatever waits at the server is cut off, too.
      front.closeAllConnections();
    },
    close: () =>
      new Promise((resolve) => {
        front.close(resolve);
        front.closeAllConnections();
      }),
  };
}

describe('a worker', () => {
  it('goes on with its run while the server is away, and tells everything when it is back', async () => {
    const gate = path.join(folder, 'gate');
    const lab = machine(`echo before; touch ${gate}.up; while [ ! -e ${gate} ]; do sleep 0.1; done; echo after > a.txt; echo after`); // prettier-ignore
    await server.api.add('Write it down', { project: 'notes' });
    const once = start(lab, '--once');
    await until('the run', () => fs.existsSync(`${gate}.up`), 30_000);
    await server.kill();
    fs.writeFileSync(gate, '');
    const written = path.join(lab.workspace, 'runs/1-1/tree/a.txt');
    await until('the end of the work', () => fs.existsSync(written));

    server = await startServer({ folder, env: { API_PORT: `${port}` } });

    expect(await once.ended).toMatchObject({ code: 0 });
    expect(await server.api.get(1)).toMatchObject({
      status: 'completed',
      attempt: 1,
      result: { outcome: 'done' },
    });
    const { text } = await server.send('GET', '/api/tasks/1/messages');
    const texts = (JSON.parse(text) as { messages: { kind: string; text: string }[] }).messages;
    const said = texts.filter(({ kind }) => kind === 'text').map((one) => one.text);
    expect(said.join('\n')).toBe('before\nafter');
  });

  it('goes on while something before the server answers in its place, and loses no word of its run', async () => {
    const gate = path.join(folder, 'gate');
    const front = await startFront(server.url);
    const shell = `echo before; touch ${gate}.up; while [ ! -e ${gate} ]; do sleep 0.1; done; echo after > a.txt; echo after`;
    const lab = machine(shell, { url: front.url });
    await server.api.add('Write it down', { project: 'notes' });
    const once = start(lab, '--once');
    await until('the run', () => fs.existsSync(`${gate}.up`), 30_000);
    front.answersItself(true);
    fs.writeFileSync(gate, '');
    await until('three calls that it answered', () => front.answered() >= 3);
    front.answersItself(false);

    expect(await once.ended).toMatchObject({ code: 0 });
    expect(await server.api.get(1)).toMatchObject({
      ...{ status: 'completed', attempt: 1 },
      result: { outcome: 'done' },
    });
    const { text } = await server.send('GET', '/api/tasks/1/messages');
    const { messages } = JSON.parse(text) as { messages: { kind: string; text: string }[] };
    const said = messages.filter(({ kind }) => kind === 'text').map((one) => one.text);
    expect(said.join('\n')).toBe('before\nafter');
    await front.close();
  });

  it('stops a run whose task was taken away, and keeps its work on a branch of its own', async () => {
    const pidFile = path.join(folder, 'run.pid');
    const lab = machine(`echo half > half.txt; echo $$ > ${pidFile}; sleep 600`);
    await server.api.add('Write it down', { project: 'notes' });
    const once = start(lab, '--once');
    await pidIn(pidFile);

    expect((await server.send('POST', '/api/tasks/1/release', { body: { reason: 'mine' } })).status).toBe(
      200,
    );

    expect(await once.ended).toMatchObject({ code: 5 });
    const lost = git(bare, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/claude');
    expect(lost).toMatch(/^claude\/1-write-it-down-lost-[0-9a-f]{8}$/);
    expect(await server.api.get(1)).toMatchObject({ status: 'pending', result: { branch: lost } });
    expect((await server.send('GET', '/api/tasks/1/messages')).text).toContain(`kept on branch ${lost}`);
  });

  it('tells by its exit code how its one task went, or why there was none', async () => {
    await server.api.add('Fail', { project: 'notes' });
    const failed = await machine('echo "no such table" >&2; exit 3').once();
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toContain('ended with exit code 3: no such table');
    expect(await server.api.get(1)).toMatchObject({ status: 'pending', attempt: 1 });

    const wrong = machine('true', { env: { ATHENA_API_KEY: 'not-the-key-of-this-server-0000' } });
    expect(await wrong.once()).toMatchObject({ code: 4 });
    expect(await machine('true', { file: ['concurency: 2'] }).once()).toMatchObject({ code: 2 });
    await server.kill();
    expect(await machine('true').once()).toMatchObject({ code: 6 });
  });

  it('gives the task back when its repository cannot be reached, and uses up no attempt', async () => {
    await server.api.add('Write it down', { project: 'notes' });
    host.behave({ kind: 'refuse', status: 502 });

    const ran = await machine('true').once();

    expect(ran).toMatchObject({ code: 0 });
    expect(await server.api.get(1)).toMatchObject({ status: 'pending', attempt: 0 });
    expect((await server.send('GET', '/api/tasks/1/messages')).text).toContain('repository');
  });

  it('shows a run none of its secrets', async () => {
    const added = await machine('true').client('keys', 'add', 'lab', '--scope', 'worker', '--json');
    const { secret: key } = JSON.parse(added.stdout) as { secret: string };
    const lab = machine('env > env.txt; git config -l > git.txt; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline > all.txt; sleep 1; cat .git/config; true', {
      env: { ATHENA_API_KEY: key, ATHENA_GIT_TOKEN: GIT_TOKEN, ANTHROPIC_API_KEY: MODEL_KEY, MINE: 'fake-own-0123456789' },
      project: ['env: {set: {SHOWN: "1"}}', 'setup: "cat /proc/$PPID/environ > parent.txt"'],
    }); // prettier-ignore
    await server.api.add('Look around', { project: 'notes' });

    expect(await lab.once()).toMatchObject({ code: 0 });

    const branch = 'claude/1-look-around';
    expect(git(bare, 'show', `${branch}:env.txt`)).toContain('SHOWN=1');
    for (const file of ['env.txt', 'git.txt', 'all.txt', 'parent.txt']) {
      const found = git(bare, 'show', `${branch}:${file}`);
      for (const secret of [key, GIT_TOKEN, MODEL_KEY]) expect(found.includes(secret), file).toBe(false);
    }
    expect(git(bare, 'show', `${branch}:env.txt`)).not.toContain('MINE=');
  });
});

/** A disk of 12 MB for the workspace, where this account may mount one. */
const mountSmall = (at: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=0700', 'tmpfs', at]).status === 0;

describe('a disk that is full', () => {
  it('gives the task back unharmed, in words for its submitter; with room again it is done', async (test) => {
    const lab = machine('dd if=/dev/zero of=big bs=1M count=30; echo small > small.txt');
    fs.mkdirSync(lab.workspace, { mode: 0o700 });
    if (!mountSmall(lab.workspace)) {
      console.error('SKIPPED: no small disk can be mounted here, so a full one is not tried.');
      test.skip();
    }
    try {
      await server.api.add('Fill the disk', { project: 'notes' });

      expect(await lab.once()).toMatchObject({ code: 0 });

      const { status, attempt, error } = await server.api.get(1);
      expect({ status, attempt }).toEqual({ status: 'pending', attempt: 0 });
      expect(error).toMatch(/lab has a fault \(disk\): its disk is full or broken\./);
      spawnSync('mount', ['-o', 'remount,size=200m', lab.workspace]);
      await server.api.add('After it', { project: 'notes' });
      expect(await lab.once()).toMatchObject({ code: 0 });
      expect(await server.api.get(2)).toMatchObject({ status: 'completed' });
      // What the first run had left was brought home by the second start.
      expect(git(bare, 'for-each-ref', '--format=%(refname)')).toContain('claude/1-fill-the-disk');
    } finally {
      spawnSync('umount', ['-l', lab.workspace]);
    }
  });
});
