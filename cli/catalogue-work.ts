/** The unattended worker and what belongs to it, for parser and help. Its code is a program of its own. */
import type { CommandSpec, WorkerCommand } from './command.ts';
import type { Host } from './deps.ts';

const CONFIG = ['--config <file>', 'another worker.yaml'] as const;

const fromWorker =
  (name: WorkerCommand) =>
  async ({ worker }: Pick<Host, 'worker'>) => ({ run: (await worker()).runs[name] });

const CHECK: CommandSpec = {
  usage: 'check',
  summary: 'check worker.yaml',
  detail: 'Exits with 2 and names every problem by line and field. Nothing outside the file is looked at.',
  options: [CONFIG],
  examples: [
    ['claude-task-client work check', 'the one in the configuration folder'],
    ['claude-task-client work check --config ./worker.yaml', 'another one'],
  ],
  load: fromWorker('workCheck'),
};

const SETUP: CommandSpec = {
  usage: 'setup',
  summary: 'check this machine',
  detail:
    'Looks at git, the disk, the server, each repository and the key of the model, installs the Claude Agent SDK ' +
    'into the workspace where a project needs it, and says what is missing and what to do. Nothing is claimed. ' +
    'Run it as the account, and with the environment, that the worker will have.',
  options: [CONFIG],
  examples: [['claude-task-client work setup', 'exits with 1 if something is missing']],
  load: fromWorker('workSetup'),
};

const KEPT: CommandSpec = {
  usage: 'kept [action] [id]',
  summary: 'work that is not pushed',
  detail:
    'Without words: lists it. "push ID" delivers what was kept of that task, never by force; ' +
    'what the repository takes is removed here.',
  options: [CONFIG],
  examples: [
    ['claude-task-client work kept', 'what lies here, and why'],
    ['claude-task-client work kept push 5', 'deliver that of task #5'],
  ],
  load: fromWorker('workKept'),
};

export const WORK_COMMAND: CommandSpec = {
  usage: 'work',
  summary: 'the worker for this machine',
  detail:
    'Takes tasks of its projects and has them done, each in a clone of its own, until it is told to end: then the ' +
    'runs have grace_minutes; what is not done is saved and given back. A second signal ends it within 10 seconds. ' +
    'With --once it exits with 0 also when there was nothing to do, and with 1 when the task failed.',
  options: [CONFIG, ['--once', 'one task, and no waiting'], ['--concurrency <number>', 'so many at once']],
  examples: [
    ['claude-task-client work check', 'is worker.yaml right?'],
    ['claude-task-client work setup', 'has this machine what it needs?'],
    ['claude-task-client work --once', 'one task, if one is there'],
    ['claude-task-client work', 'until it is told to end'],
  ],
  subcommands: [CHECK, SETUP, KEPT],
  load: fromWorker('work'),
};
