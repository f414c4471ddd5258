/** A machine with a worker on it: the built client, a worker.yaml, a workspace, and a git host of its own. */
import fs from 'node:fs';
import path from 'node:path';
import {
  runClient,
  startClient,
  type ClientMachine,
  type ClientRun,
  type StartedClient,
} from './client-process.ts';
import { GIT_TOKEN } from './git-server.ts';
import { KEY } from './http-world.ts';

export interface WorkerMachine {
  readonly home: string;
  readonly workspace: string;
  start(...argv: string[]): StartedClient;
  once(): Promise<ClientRun>;
  client(...argv: string[]): Promise<ClientRun>;
}

export interface MachineOptions {
  /** Where its home is made. */
  readonly folder: string;
  readonly name: string;
  readonly url: string;
  readonly repo: string;
  /** What a run does, for `/bin/sh -c`; null: it is Claude Code's. */
  readonly shell: string | null;
  /** More lines for the project, and for the file. */
  readonly project?: readonly string[];
  readonly file?: readonly string[];
  /** Other projects, each on a line of its own: `other: {repo: ...}`. */
  readonly others?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function createWorkerMachine(options: MachineOptions): WorkerMachine {
  const { folder, name, url, repo, shell } = options;
  const home = path.join(folder, name);
  const workspace = path.join(home, 'workspace');
  fs.mkdirSync(home, { recursive: true });
  const yaml = [
    `name: ${name}`,
    `workspace: ${workspace}`,
    'limits: {min_free_disk_gb: 0}',
    ...(options.file ?? []),
    'projects:',
    '  notes:',
    `    repo: ${repo}`,
    ...(shell === null
      ? []
      : ['    executor: command', `    command: ${JSON.stringify(['/bin/sh', '-c', shell])}`]),
    ...(options.project ?? []).map((line) => `    ${line}`),
    ...(options.others ?? []).map((line) => `  ${line}`),
    '',
  ];
  const config = path.join(home, 'worker.yaml');
  fs.writeFileSync(config, yaml.join('\n'));
  const machine: ClientMachine = {
    url,
    key: KEY,
    home,
    instance: `${name}-person`,
    env: { ATHENA_GIT_TOKEN: GIT_TOKEN, ...options.env },
  };
  const work = (...argv: string[]) => startClient(machine, 'work', '--config', config, ...argv);
  return {
    home,
    workspace,
    start: work,
    once: () => work('--once').ended,
    client: (...argv) => runClient(machine, ...argv),
  };
}
