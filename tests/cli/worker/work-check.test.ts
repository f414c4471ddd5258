import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine, type Machine } from '../../support/cli-run.ts';

const GOOD = 'name: lab\nprojects:\n  notes:\n    repo: https://git.example.org/me/notes.git\n';

describe('work check', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = createMachine('http://127.0.0.1:9');
  });
  afterEach(() => {
    machine.remove();
  });

  const write = (text: string, name = '.config/claude-task-client/worker.yaml') => {
    const file = path.join(machine.home, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
  };

  it('says that a file is in order, and asks nobody for it', async () => {
    const file = write(GOOD);
    const ran = await machine.run(['work', 'check']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toBe(`✅ ${file} is in order: worker lab, project notes\n`);
  });

  it('names every problem by line and field, and exits with 2', async () => {
    write('nam: lab\nconcurrency: 0\nprojects:\n  notes:\n    repo: -x\n');
    const ran = await machine.run(['work', 'check']);
    expect(ran.code).toBe(2);
    expect(ran.stdout.trim().split('\n')).toEqual([
      'worker.yaml:1 nam is not known: did you mean name?',
      'worker.yaml:2 concurrency must be a whole number from 1 to 64',
      'worker.yaml:5 projects.notes.repo must not begin with "-"',
    ]);
    expect(ran.stderr).toMatch(/^❌ 3 problems in .*worker\.yaml\. Correct them/);
  });

  it('tells a script the same', async () => {
    write('name: lab\nprojects: 1\n', 'other.yaml');
    const ran = await machine.run(['work', 'check', '--config', 'other.yaml', '--json']);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      ok: false,
      problems: [{ line: 2, field: 'projects' }],
    });
  });

  it('refuses what is no text, and asks for one correction where there is one', async () => {
    const file = write('name: 1\nprojects: {a: {repo: /b}}\n');
    expect((await machine.run(['work', 'check'])).stderr).toMatch(/^❌ 1 problem in .* Correct it, then/);
    fs.writeFileSync(file, Buffer.from('name: \xff\n', 'latin1'));
    const ran = await machine.run(['work', 'check']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('is not valid UTF-8 text');
  });

  it('says where a file is missed', async () => {
    const ran = await machine.run(['work', 'check']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('.config/claude-task-client/worker.yaml does not exist. Write one');
  });
});
