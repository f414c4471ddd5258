import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linesOf, read, root } from './files.ts';

const taskFiles = readdirSync(path.join(root, 'ansible'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /(tasks|handlers)\/\w+\.yml$/.test(file))
  .map((file) => path.join('ansible', file));

describe('the ansible roles', () => {
  test('use modules that come with ansible-core, and no other', () => {
    expect(taskFiles.length).toBeGreaterThan(5);
    const words = new Set(
      'name when loop loop_control register notify vars block rescue always delegate_to become until retries delay environment no_log changed_when failed_when check_mode ignore_errors diff'.split(
        ' ',
      ),
    );
    for (const file of taskFiles) {
      const keys = tasksOf(file).flatMap((task) =>
        [...task.matchAll(/^(?:- | {2})([\w.]+):/gm)].map((match) => match[1]!),
      );
      const others = keys.filter((key) => !words.has(key) && !key.startsWith('ansible.builtin.'));
      expect(others, file).toEqual([]);
    }
  });

  test('hide every task that writes a secret', () => {
    const secret = /src: (athena\.env|worker\.env|config\.json)\.j2/;
    const writing = taskFiles.flatMap((file) => tasksOf(file).filter((task) => secret.test(task)));
    expect(writing).toHaveLength(4);
    for (const task of writing) {
      expect(task).toContain('no_log: true');
      expect(task).toContain("mode: '0600'");
    }
  });

  test('put no secret on a command line', () => {
    const commands = taskFiles.flatMap((file) =>
      tasksOf(file).filter((task) => task.includes('ansible.builtin.command')),
    );
    expect(commands.length).toBeGreaterThan(5);
    for (const task of commands)
      expect(task).not.toMatch(/api_key|_token|athena_unattended_(variables|environment)/);
  });

  test('write each setting of the sample', () => {
    const sample = linesOf(read('ansible/group_vars/all.example.yml')).join('\n');
    const defaults = ['server', 'worker', 'unattended'].map((side) =>
      read(`ansible/roles/athena_${side}/defaults/main.yml`),
    );
    for (const [name] of sample.matchAll(/^athena_\w+/gm)) expect(defaults.join('\n')).toContain(`${name}:`);
  });
});

const hasAnsible = spawnSync('ansible-playbook', ['--version']).status === 0;
if (!hasAnsible) console.warn('SKIPPED: the hook as Ansible installs it (ansible-playbook is not here)');

describe.skipIf(!hasAnsible)('the Claude Code hook', () => {
  const other = { type: 'command', command: 'echo "{{ 7 * 7 }}" é', timeout: 5 };
  const settings = {
    zeta: [1.5, null, true],
    hooks: { SessionStart: [{ matcher: 'startup', hooks: [other] }], Stop: [{ hooks: [] }] },
    alpha: { env: { QUOTE: "'" } },
  };

  test('joins what is there, is not added twice, and goes without a trace', { timeout: 120_000 }, () => {
    const file = scratchFile(JSON.stringify(settings));
    expect(play(file, 'present')).toMatch(/changed=1 .*failed=0/);
    const added = JSON.parse(readFileSync(file, 'utf8')) as typeof settings;
    expect(added.hooks.SessionStart).toEqual([
      settings.hooks.SessionStart[0],
      { hooks: [{ type: 'command', command: '/opt/bin/claude-task-client check' }] },
    ]);
    expect(Object.keys(added)).toEqual(['zeta', 'hooks', 'alpha']);

    const text = readFileSync(file, 'utf8');
    expect(play(file, 'present')).toMatch(/changed=0 .*failed=0/);
    expect(readFileSync(file, 'utf8')).toBe(text);

    expect(play(file, 'absent')).toMatch(/changed=1 .*failed=0/);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(settings);
  });

  test('leaves a file alone that is not JSON, and says so', { timeout: 60_000 }, () => {
    const file = scratchFile('{ "a": 1, // mine\n}');
    expect(play(file, 'present')).toMatch(/settings\.json is not valid JSON[^]*changed=0 .*failed=1/);
    expect(readFileSync(file, 'utf8')).toBe('{ "a": 1, // mine\n}');
  });
});

/** Top-level tasks and those inside a block, each as its own text with the indentation of a top-level one. */
function tasksOf(file: string): string[] {
  const text = linesOf(read(file)).join('\n');
  return [0, 4].flatMap((indent) => {
    const start = ' '.repeat(indent) + '- name: ';
    return text
      .split(/\n(?=\s*- name: )|\n(?=\s+(?:block|rescue|always):)/)
      .filter((part) => part.startsWith(start))
      .map((part) => part.replaceAll(new RegExp(`^ {${indent}}`, 'gm'), ''));
  });
}

function scratchFile(content: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'athena-hook-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, 'settings.json');
  writeFileSync(file, content);
  return file;
}

/** Runs the hook's tasks alone against that file and gives what Ansible printed. */
function play(file: string, hook: 'present' | 'absent'): string {
  const playbook = path.join(path.dirname(file), 'play.yml');
  const role = { name: 'athena_worker', tasks_from: 'hook' };
  const vars = {
    athena_worker_claude_settings: file,
    athena_worker_hook_wanted: hook === 'present',
    athena_worker_bin_dir: '/opt/bin',
  };
  const tasks = [{ 'ansible.builtin.include_role': role }];
  writeFileSync(
    playbook,
    JSON.stringify([{ hosts: 'localhost', connection: 'local', gather_facts: false, vars, tasks }]),
  );
  const env = {
    ...process.env,
    LC_ALL: 'C.UTF-8',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_ROLES_PATH: path.join(root, 'ansible/roles'),
  };
  return spawnSync('ansible-playbook', ['-i', 'localhost,', playbook], { encoding: 'utf8', env }).stdout;
}
