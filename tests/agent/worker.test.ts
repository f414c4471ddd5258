/** The worker as a process, with the real Agent SDK: the built client and server, a real git host, a scripted model. */
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartedClient } from '../support/client-process.ts';
import { git, makeRepository, startGitServer, type GitServer } from '../support/git-server.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { KEY } from '../support/http-world.ts';
import { startMessagesApi, type MessagesApi } from '../support/messages-api/index.ts';
import { answer, bash, refuse, say } from '../support/messages-api/replies.ts';
import { isGone, pidIn, until } from '../support/worker/until.ts';
import { createWorkerMachine, type WorkerMachine } from '../support/worker-machine.ts';
import { IS_MISSING, REAL_KEY } from './world.ts';

const SLOW = { timeout: 120_000 };

describe.skipIf(IS_MISSING)('a worker with Claude Code', SLOW, () => {
  let server: RunningServer;
  let host: GitServer;
  let api: MessagesApi;
  let bare: string;
  let folder: string;
  let lab: WorkerMachine;
  const started: StartedClient[] = [];

  beforeEach(async () => {
    folder = newFolder();
    server = await startServer({ folder });
    host = await startGitServer();
    api = await startMessagesApi();
    bare = makeRepository(host.root, 'notes', { 'README.md': 'one\n' });
    lab = machine();
  });

  afterEach(async () => {
    for (const client of started.splice(0)) client.signal('SIGKILL');
    await cleanUp();
    await api.close();
    await host.close();
  });

  function machine(permissions = 'full', file: readonly string[] = []): WorkerMachine {
    const made = createWorkerMachine({
      ...{ folder, name: 'lab', url: server.url, repo: host.urlOf('notes'), file, shell: null },
      project: ['model: claude-sonnet-4-5', `permissions: ${permissions}`, 'allow_root: true'],
      env: { ANTHROPIC_API_KEY: REAL_KEY, ANTHROPIC_BASE_URL: api.url },
    });
    fs.mkdirSync(made.workspace, { recursive: true });
    const sdk = path.join(made.workspace, 'sdk');
    if (!fs.existsSync(sdk)) fs.symlinkSync(import.meta.dirname, sdk);
    return made;
  }

  function start(on: WorkerMachine, ...argv: string[]): StartedClient {
    const client = on.start(...argv);
    started.push(client);
    return client;
  }

  async function untilTask(id: number, what: (text: string) => boolean): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const task = await server.api.get(id);
      if (what(JSON.stringify(task))) return;
      if (performance.now() > deadline) throw new Error(`Task ${id} stays ${JSON.stringify(task)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const first = ({ number }: { number: number }) => number === 1;

  it('has a task done, delivers it, and keeps its transcript', async () => {
    api.script(
      { when: first, then: bash('echo new > new.txt; env | sort > "$HOME/env.txt"; cat "$HOME/env.txt"') },
      { when: /./, then: say('Wrote new.txt.') },
    );
    await server.api.add('Write it down', { project: 'notes' });

    const ran = await lab.once();

    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).not.toContain('Warning');
    const task = await server.api.get(1);
    expect(task).toMatchObject({ status: 'completed' });
    expect(task.result).toMatchObject({
      outcome: 'done',
      summary: 'Wrote new.txt.',
      turns: 2,
      files_changed: 1,
    });
    expect(task.result?.cost_usd).toBeGreaterThan(0);
    const session = task.result?.session_id ?? '';
    expect(git(bare, 'log', '-1', '--format=%B', 'claude/1-write-it-down')).toContain(
      `Athena-Session: ${session}`,
    );
    const messages = (await server.send('GET', '/api/tasks/1/messages')).text;
    expect(messages).toContain('Bash: echo new');
    expect(messages).not.toContain(REAL_KEY);
    const kept = await fetch(`${server.url}/api/tasks/1/transcript`, { headers: { 'x-api-key': KEY } });
    const transcript = gunzipSync(Buffer.from(await kept.arrayBuffer())).toString();
    expect(transcript).toContain('Wrote new.txt.');
  });

  it('parks with a question, and goes on with the same session when it is answered', async () => {
    lab = machine('ask');
    api.script(
      {
        when: first,
        then: answer([
          { type: 'text', text: 'One file is needed.' },
          {
            type: 'tool_use',
            name: 'Bash',
            input: { command: 'touch allowed.txt', description: 'Runs it' },
          },
        ]),
      },
      { when: /answer of/i, then: bash('touch allowed.txt') },
      { when: /./, then: say('Touched it.') },
    );
    await server.api.add('Touch it', { project: 'notes' });

    expect(await lab.once()).toMatchObject({ code: 0 });
    expect(await server.api.get(1)).toMatchObject({
      status: 'pending',
      result: { outcome: 'parked' },
      attempt: 0,
    });
    const parked = await server.api.get(1);
    const { text } = await server.send('GET', '/api/questions');
    const { questions } = JSON.parse(text) as { questions: { id: number; title: string }[] };
    expect(questions[0]?.title).toContain('touch allowed.txt');
    const told = JSON.parse((await server.send('GET', '/api/tasks/1/messages')).text) as {
      messages: { kind: string }[];
    };
    // What was said before a question is read before it.
    const kinds = told.messages.map(({ kind }) => kind).filter((kind) => kind !== 'notice');
    expect(kinds.slice(0, 2)).toEqual(['text', 'question']);
    const path = `/api/questions/${questions[0]?.id ?? 0}/answer`;
    expect((await server.send('POST', path, { body: { option: 'allow_once' } })).status).toBe(200);

    expect(await lab.once()).toMatchObject({ code: 0 });
    const done = await server.api.get(1);
    expect(done).toMatchObject({ status: 'completed', result: { outcome: 'done', files_changed: 1 } });
    expect(done.result?.session_id).toBe(parked.result?.session_id);
  });

  it('parks when the budget is used up, and delivers what is there when that is wanted', async () => {
    api.script({ when: /./, then: bash('date >> dates.txt') });
    await server.api.add('Write dates', { project: 'notes', max_turns: 2 });

    expect(await lab.once()).toMatchObject({ code: 0 });
    expect(await server.api.get(1)).toMatchObject({ status: 'pending', result: { outcome: 'parked' } });
    const { text } = await server.send('GET', '/api/questions');
    const { questions } = JSON.parse(text) as { questions: { id: number; kind: string; title: string }[] };
    expect(questions).toMatchObject([{ kind: 'choice', title: 'The budget of 2 turns is used up' }]);
    await server.send('POST', `/api/questions/${questions[0]?.id ?? 0}/answer`, {
      body: { option: 'finish' },
    });

    expect(await lab.once()).toMatchObject({ code: 0 });
    const task = await server.api.get(1);
    expect(task).toMatchObject({
      status: 'completed',
      result: { outcome: 'budget', files_changed: 1, turns: 2 },
    });
  });

  it('gives the task back when its key is refused, and says what is wrong', async () => {
    api.script({ when: /./, then: refuse(401, 'invalid x-api-key', { 'x-should-retry': 'false' }) });
    await server.api.add('Write it down', { project: 'notes' });

    expect(await lab.once()).toMatchObject({ code: 0 });

    const task = await server.api.get(1);
    expect(task).toMatchObject({ status: 'pending', attempt: 0 });
    expect((await server.send('GET', '/api/tasks/1/messages')).text).toContain('invalid x-api-key');
  });

  it('ends a cancelled run within two seconds, with no request open', async () => {
    const pidFile = path.join(folder, 'run.pid');
    api.script({ when: /./, then: bash(`echo $$ > ${pidFile}; sleep 300`) });
    await server.api.add('Sleep', { project: 'notes' });
    const once = start(lab, '--once');
    const pid = await pidIn(pidFile);

    await server.send('POST', '/api/tasks/1/cancel', { body: {} });
    await until('the end of the run', () => isGone(pid) && api.open() === 0, 2_000);

    expect(await once.ended).toMatchObject({ code: 0 });
    await untilTask(1, (task) => task.includes('"outcome":"cancelled"'));
  });

  it('hears a reply while it works', async () => {
    const gate = path.join(folder, 'gate');
    api.script(
      { when: first, then: bash(`touch ${gate}; sleep 3`) },
      { when: /use blue/i, then: say('Blue it is.') },
      { when: /./, then: say('Done.') },
    );
    await server.api.add('Paint it', { project: 'notes' });
    const once = start(lab, '--once');
    await until('the command', () => fs.existsSync(gate), 30_000);
    await server.send('POST', '/api/tasks/1/reply', { body: { text: 'Use blue' } });

    expect(await once.ended).toMatchObject({ code: 0 });

    const task = await server.api.get(1);
    expect(task).toMatchObject({ status: 'completed', result: { summary: 'Blue it is.' } });
  });
});
