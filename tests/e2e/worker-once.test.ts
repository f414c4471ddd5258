/** `work --once` as a process: the built client, the built server, a real git host. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git, makeRepository, startGitServer, type GitServer } from '../support/git-server.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
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
});
