/** `work --once` as a process: the built client, the built server, a real git host. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git, makeRepository, startGitServer, type GitServer } from '../support/git-server.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { until } from '../support/worker/until.ts';
import { createWorkerMachine, type MachineOptions } from '../support/worker-machine.ts';

let server: RunningServer;
let host: GitServer;
let bare: string;
let folder: string;

beforeEach(async () => {
  folder = newFolder();
  server = await startServer({ folder });
  host = await startGitServer();
  bare = makeRepository(host.root, 'notes', { 'README.md': 'one\n' });
});

afterEach(async () => {
  await cleanUp();
  await host.close();
});

const machine = (more: Partial<MachineOptions> & { shell: string }) =>
  createWorkerMachine({ folder, name: 'lab', url: server.url, repo: host.urlOf('notes'), ...more });

describe('work --once', () => {
  it('takes a task of its project, has it done, and delivers a branch', async () => {
    const lab = machine({
      shell: 'cat > prompt.txt; cp set-up.txt copy.txt; echo "I wrote it down"',
      project: ['setup: "echo ready > set-up.txt"'],
    });
    await lab.client('add', 'Write down: "über alles" & more', '--project', 'notes');

    const ran = await lab.once();

    expect(ran).toMatchObject({ code: 0 });
    const task = await server.api.get(1);
    expect(task).toMatchObject({ status: 'completed' });
    expect(task).toMatchObject({
      result: {
        outcome: 'done',
        summary: 'I wrote it down',
        branch: 'claude/1-write-down-uber-alles-more',
        files_changed: 3,
      },
    });
    expect(git(bare, 'show', 'claude/1-write-down-uber-alles-more:prompt.txt')).toContain('über alles');
    expect(git(bare, 'log', '-1', '--format=%B', 'claude/1-write-down-uber-alles-more')).toMatch(
      /Athena-Task: 1\nAthena-Submitted-By: /,
    );
    expect(git(bare, 'for-each-ref', 'refs/athena')).toBe('');
    const { text } = await server.send('GET', '/api/tasks/1/messages');
    expect(text).toContain('I wrote it down');
  });

  it('has nothing to do, and says so', async () => {
    const ran = await machine({ shell: 'true' }).once();
    expect(ran).toMatchObject({ code: 0, stdout: 'No task to do.\n' });
  });

  it('hands over what was said before, and all replies, since a program knows no sessions', async () => {
    await machine({ shell: 'true' }).client('add', 'Write it down', '--project', 'notes');
    await server.send('POST', '/api/tasks/1/reply', { body: { text: 'In French, please' } });
    const first = await machine({ shell: 'cat > one.txt; echo "Half of it is there."' }).once();
    expect(first).toMatchObject({ code: 0 });
    await server.send('POST', '/api/tasks/1/reply', { body: { text: 'And the other half' } });

    const second = await machine({
      shell: 'cat > two.txt; cat one.txt; echo "$ATHENA_RUN $ATHENA_BRANCH"',
    }).once();

    expect(second).toMatchObject({ code: 0 });
    const branch = 'claude/1-write-it-down';
    expect(git(bare, 'show', `${branch}:one.txt`)).toMatch(
      /^Write it down\n\nReply from .+:\nIn French, please$/,
    );
    const told = git(bare, 'show', `${branch}:two.txt`);
    expect(told).toContain('Half of it is there.');
    // Without a session to go on with, it is part of the task's own text.
    expect(told).toMatch(/^Write it down\n\n.+: And the other half\n/);
    expect(told).toMatch(/\n\nReply from .+:\nIn French, please\n?$/);
    expect(told.match(/And the other half/g)).toHaveLength(1);
    expect((await server.api.get(1)).result?.summary).toContain(`2 ${branch}`);
  });

  it('asks for more time when the time of a task is up, and keeps what is there', async () => {
    await server.api.add('Take long', { project: 'notes', max_minutes: 0.03 });

    expect(await machine({ shell: 'echo half > half.txt; sleep 60' }).once()).toMatchObject({ code: 0 });

    expect(await server.api.get(1)).toMatchObject({
      status: 'pending',
      attempt: 0,
      waiting_for: { kind: 'budget' },
    });
    expect(git(bare, 'show', 'claude/1-take-long:half.txt')).toBe('half');
    expect((await server.send('GET', '/api/questions')).text).toContain(
      'The budget of 0.03 minutes is used up',
    );
  });

  it('lets several run at once, as many as it is set to', async () => {
    const gate = `${folder}/gate`;
    const lab = machine({
      shell: `mkdir -p ${gate}; touch ${gate}/$ATHENA_TASK_ID; while [ $(ls ${gate} | wc -l) -lt 2 ]; do sleep 0.1; done`,
      file: ['concurrency: 2'],
    });
    for (const text of ['First', 'Second']) await server.api.add(text, { project: 'notes' });
    const worker = lab.start();

    await until('both', () => fs.existsSync(`${gate}/1`) && fs.existsSync(`${gate}/2`), 60_000);
    worker.signal('SIGTERM');

    expect(await worker.ended).toMatchObject({ code: 0 });
    for (const id of [1, 2]) {
      expect(await server.api.get(id)).toMatchObject({
        status: 'completed',
        result: { outcome: 'no_changes' },
      });
    }
  });
});
