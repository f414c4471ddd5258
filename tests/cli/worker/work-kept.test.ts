import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine, type Machine } from '../../support/cli-run.ts';
import { listKept, removeKept } from '../../../cli/worker/kept-files.ts';
import { git, GIT_TOKEN } from '../../support/git-server.ts';
import { BRANCH, delivery, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';

describe('work kept', () => {
  let world: GitWorld;
  let client: Machine;
  let config: string;
  let worker: ReturnType<GitWorld['machine']>;

  beforeEach(async () => {
    world = await startGitWorld();
    client = createMachine('http://127.0.0.1:9');
    worker = world.machine({ push: false });
    config = path.join(client.home, 'worker.yaml');
    const url = world.server.urlOf('notes');
    fs.writeFileSync(
      config,
      `workspace: ${worker.folder}\nprojects:\n  notes:\n    repo: ${url}\n    push: false\n`,
    );
  });
  afterEach(async () => {
    client.remove();
    await world.close();
  });

  async function keepOne(run: number, name: string): Promise<string> {
    const workspace = await worker.prepare(run);
    const commit = inTree(workspace).commit(name, 'done');
    expect((await worker.work(workspace).deliver(delivery())).how).toBe('kept');
    return commit;
  }
  const kept = (...words: string[]) =>
    client.run(['work', 'kept', ...words, '--config', config], { env: { ATHENA_GIT_TOKEN: GIT_TOKEN, PATH: process.env['PATH'] ?? '' } }); // prettier-ignore
  const tipOf = (branch: string) => git(world.bare, 'rev-parse', `refs/heads/${branch}`);

  it('says when there is none', async () => {
    expect(await kept()).toMatchObject({ code: 0, stdout: 'Nothing is kept: all work was delivered.\n' });
    const ran = await kept('push', '5');
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.stderr).toContain('Nothing is kept of that task.');
  });

  it('lists what lies here and why, and delivers it', async () => {
    const commit = await keepOne(1, 'a.txt');
    const listed = await kept();
    expect(listed.stdout).toContain(`📦 #5 ${BRANCH} [notes], kept `);
    expect(listed.stdout).toContain('This project is not pushed');
    expect(listed.stdout).toContain(path.join(worker.folder, 'kept', `${BRANCH}.bundle`));
    expect(listed.stderr).toContain('work kept push ID');

    const pushed = await kept('push', '5');
    expect(pushed).toMatchObject({
      code: 0,
      stdout: `✅ #5 ${BRANCH} pushed to ${world.server.urlOf('notes')}\n`,
      stderr: '',
    });
    expect(tipOf(BRANCH)).toBe(commit);
    expect((await kept()).stdout).toContain('Nothing is kept');
  });

  it('keeps what the repository does not take, and says what to do', async () => {
    await keepOne(1, 'a.txt');
    world.server.behave({ kind: 'refuse', status: 403 });
    const ran = await kept('push', '#5', '--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ pushed: [], kept: [{ task_id: 5, branch: BRANCH }] });
    expect(ran.stderr).toMatch(/^❌ The repository refused the credentials .* Nothing is lost/);
    expect(ran.stdout + ran.stderr).not.toContain(GIT_TOKEN);
    expect((await kept()).stdout).toContain(BRANCH);
  });

  it('refuses work of a project that is not served any more', async () => {
    await keepOne(1, 'a.txt');
    fs.writeFileSync(config, `workspace: ${worker.folder}\nprojects:\n  other:\n    repo: /nowhere\n`);
    const ran = await kept('push', '5');
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr).toContain('The project notes is not in worker.yaml any more. Add it again');
  });

  it('leaves what a worker has put in its place meanwhile', async () => {
    await keepOne(1, 'a.txt');
    const [before] = listKept(worker.places);
    await keepOne(2, 'b.txt');
    const after = listKept(worker.places);
    removeKept(before!);
    expect(listKept(worker.places)).toEqual(after);
    expect(after.at(-1)?.commit).not.toBe(before?.commit);
  });

  it('knows no other words', async () => {
    const noId = await kept('push', 'abc');
    expect(noId).toMatchObject({ code: 2 });
    expect(noId.stderr).toContain('"abc" is not a task id');
    expect(await kept('remove', '5')).toMatchObject({ code: 2 });
    expect(await kept('push')).toMatchObject({ code: 2 });
  });
});
