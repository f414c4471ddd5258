/** Runs the project's roles with ansible-playbook against this machine, and reads the recap. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lab.ts';
import { demand } from './report.ts';
import { must, type Options } from './run.ts';

const MINUTE = 60_000;

export interface Play {
  readonly folder: string;
  readonly role: 'athena_server' | 'athena_worker' | 'athena_unattended';
  readonly vars: Record<string, unknown>;
  readonly env?: NodeJS.ProcessEnv;
}

/** Gives how many tasks changed something. */
export async function play(what: Play, args: readonly string[] = []): Promise<number> {
  const file = path.join(what.folder, `${what.role}.yml`);
  const vars = { ...what.vars, ansible_python_interpreter: 'auto_silent' };
  writeFileSync(
    file,
    JSON.stringify([{ hosts: 'localhost', connection: 'local', vars, roles: [what.role] }]),
  );
  const text = await ansible(['ansible-playbook', '-i', 'localhost,', file, ...args], {
    cwd: what.folder,
    env: { ...environment(), ...what.env },
    timeoutMs: 25 * MINUTE,
  });
  const [, changed] = /changed=(\d+)/.exec(text) ?? [];
  demand(changed !== undefined, `no recap: ${text.slice(-500)}`);
  return Number(changed);
}

/** Again, and nothing may change. */
export async function playAgain(what: Play): Promise<void> {
  const changed = await play(what);
  demand(changed === 0, `the second run changed ${changed}`);
}

export async function checkSyntax(): Promise<string> {
  const files = ['-i', 'inventory.example.yml', 'site.yml'];
  await ansible(['ansible-playbook', '--syntax-check', ...files], {
    cwd: path.join(root, 'ansible'),
    env: environment(),
  });
  return 'site.yml with the example inventory';
}

export async function lintRoles(): Promise<string> {
  const cwd = path.join(root, 'ansible');
  await ansible(['ansible-lint', '--offline', '--nocolor', '-q', 'site.yml', 'roles'], {
    cwd,
    env: environment(),
    timeoutMs: 5 * MINUTE,
  });
  return 'no complaint';
}

const ansible = (command: readonly string[], options: Options) => must(command, options);

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LC_ALL: 'C.UTF-8',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_LOCALHOST_WARNING: 'false',
    ANSIBLE_ROLES_PATH: path.join(root, 'ansible/roles'),
  };
}
