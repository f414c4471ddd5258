/** Faults of the machine: the task goes back unharmed, and the worker takes nothing more of what it cannot do. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRepository } from '../support/git-server.ts';
import { bash, refuse, say } from '../support/messages-api/replies.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

const BRANCH = 'claude/1-write-a-note';
let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

const add = (project = 'notes') => stage.server().api.add('Write a note', { project });
const problemOf = async (name: string) => (await stage.instance(name))?.problem ?? null;

const WRITES = [
  { when: /Write a note/, then: bash('echo one > note.txt; echo written') },
  { when: /./, then: say('Wrote it.') },
];

describe.skipIf(IS_MISSING)('a fault of the machine', () => {
  it('a refused key: the task goes back, and only what needs no key is taken from then on', async () => {
    stage.model.script({ when: /./, then: refuse(401, 'invalid x-api-key') });
    makeRepository(stage.host.root, 'other', { 'README.md': 'other\n' });
    await add();
    await add();
    const command = `command: ["/bin/sh", "-c", "echo done > done.txt"]`;
    const others = [`other: {repo: "${stage.host.urlOf('other')}", executor: command, ${command}}`];
    stage.worker('lab', { file: ['concurrency: 1'], others }).start();

    await stage.until('the problem', async () => (await problemOf('lab')) !== null);
    expect(await problemOf('lab')).toBe('notes: 401: invalid x-api-key');
    expect(await stage.task(1)).toMatchObject({ status: 'pending', attempt: 0, instance_id: null });
    await stage.server().api.add('Write', { project: 'other' });
    await stage.untilTask(3, ({ status }) => status === 'completed');

    expect(await stage.task(2)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(await stage.server().api.actions(1)).toEqual(['created', 'claimed', 'released']);
    expect(await stage.server().api.actions(2)).toEqual(['created']);
    expect(stage.model.requests).toHaveLength(1);
    const texts = (await stage.messages(1)).map(({ text }) => text);
    expect(texts.at(-1)).toMatch(/fault \(key\).*invalid x-api-key/);
  });

  it('three workers with the same fault fail a task; none of them takes it twice', async () => {
    stage.model.script({ when: /./, then: refuse(401, 'invalid x-api-key') });
    await add();
    const first = stage.worker('first');
    expect(await first.once()).toMatchObject({ code: 0 });
    expect((await first.once()).stdout).toBe('No task to do.\n');
    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });
    expect(await stage.task(1)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(await stage.worker('third').once()).toMatchObject({ code: 0 });

    const { status, error } = await stage.task(1);
    expect(status).toBe('failed');
    expect(error).toMatch(/^3 workers gave it back for the same fault/);
    expect(stage.model.requests).toHaveLength(3);
  });

  it('a refused push: the work is kept as a bundle, named, and delivered once the host takes it', async () => {
    stage.model.script(...WRITES);
    const hook = path.join(stage.bare, 'hooks/update');
    fs.mkdirSync(path.dirname(hook), { recursive: true });
    fs.writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/*) echo "protected" >&2; exit 1;; esac\n', {
      mode: 0o755,
    });
    await add();
    const lab = stage.worker('lab');

    expect(await lab.once()).toMatchObject({ code: 0 });

    const { status, attempt, result } = await stage.task(1);
    expect({ status, attempt }).toEqual({ status: 'pending', attempt: 0 });
    const bundle = path.join(lab.workspace, `kept/${BRANCH}.bundle`);
    expect(fs.existsSync(bundle)).toBe(true);
    expect(result?.summary).toContain(bundle);
    const kept = await lab.client('work', 'kept', '--config', path.join(lab.home, 'worker.yaml'));
    expect(kept.stdout).toContain(bundle);
    fs.rmSync(hook);
    const pushed = await lab.client(
      'work',
      'kept',
      'push',
      '1',
      '--config',
      path.join(lab.home, 'worker.yaml'),
    );
    expect(pushed).toMatchObject({ code: 0 });
    expect(stage.show(BRANCH, 'note.txt')).toBe('one');
    expect(fs.existsSync(bundle)).toBe(false);
  });

  it('a refused push: another worker takes the task on from the saved work', async () => {
    stage.model.script(
      { when: /Write a note/, then: bash('echo one > note.txt; echo written') },
      { when: /./, then: say('Wrote it.') },
    );
    const hook = path.join(stage.bare, 'hooks/update');
    fs.mkdirSync(path.dirname(hook), { recursive: true });
    fs.writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/*) exit 1;; esac\n', { mode: 0o755 });
    await add();
    expect(await stage.worker('first').once()).toMatchObject({ code: 0 });
    fs.rmSync(hook);

    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });

    expect(await stage.task(1)).toMatchObject({
      status: 'completed',
      result: { outcome: 'done', branch: BRANCH },
    });
    expect(stage.show(BRANCH, 'note.txt')).toBe('one');
  });

  it('a repository that cannot be reached: nothing begins, and the worker says why', async () => {
    stage.model.script(...WRITES);
    stage.host.behave({ kind: 'refuse', status: 503 });
    await add();
    stage.worker('lab').start();

    await stage.until('the problem', async () => (await problemOf('lab')) !== null);
    expect(await problemOf('lab')).toMatch(/^notes: /);
    const { status, attempt } = await stage.task(1);
    expect({ status, attempt }).toEqual({ status: 'pending', attempt: 0 });
    expect(stage.model.requests).toHaveLength(0);
    expect((await stage.messages(1)).at(-1)?.text).toMatch(/fault \(repository\)/);
  });
});
