/** The commands of a machine that works on tasks, for parser and help. */
import { WORK_COMMAND } from './catalogue-work.ts';
import type { CommandSpec } from './command.ts';

const FORCE = [
  ['--force', 'as operator: its machine is gone'],
  ['-y, --yes', 'with --force: do not ask'],
] as const;

export const WORKER_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'check',
    summary: 'what waits, and what this instance holds',
    detail:
      'Made for a session-start hook: it renews nothing, says that this instance is alive, and ends within 2 seconds. ' +
      'When the server cannot be reached it prints one line on stderr and exits with 6: a SessionStart hook goes on ' +
      'after that. Write "claude-task-client check || true" where any other exit code than 0 would matter.',
    examples: [
      ['claude-task-client check', 'one line, and one more for each task held'],
      ['claude-task-client check --json', 'the same for a script'],
    ],
    load: () => import('./commands/check.ts'),
  },
  {
    usage: 'next',
    summary: 'the next available task',
    examples: [['claude-task-client next', 'look at it without claiming it']],
    load: () => import('./commands/next.ts'),
  },
  {
    usage: 'claim [id]',
    summary: 'claim a task: that one, or the next',
    detail: 'Prints the whole task. The lease is remembered, so that later commands prove who holds it.',
    options: [
      ['-w, --wait <seconds>', 'wait for a task if none is there'],
      ['-P, --project <name>', 'of this one; - stands for none', 'many'],
      ['-c, --capability <word>', 'something this machine has: gpu', 'many'],
    ],
    examples: [
      ['claude-task-client claim', 'the next one'],
      ['claude-task-client claim 5', 'task #5'],
      ['claude-task-client claim --wait 600', 'wait up to ten minutes for one'],
      ['claude-task-client claim --project notes --project - --capability gpu', 'of notes or of no project'],
    ],
    load: () => import('./commands/claim.ts'),
  },
  {
    usage: 'complete <id>',
    summary: 'finish a task',
    options: [['-n, --notes <text>', 'what was done; - reads standard input'], ...FORCE],
    examples: [
      ['claude-task-client complete 5 -n "Deployed."', 'with notes'],
      ['git log -1 | claude-task-client complete 5 -n -', 'notes from another program'],
    ],
    load: () => import('./commands/complete.ts'),
  },
  {
    usage: 'fail <id>',
    summary: 'say that a task did not work out',
    detail: 'It goes back to the queue while it has attempts left.',
    options: [
      ['-e, --error <text>', 'why (required); - reads standard input'],
      ['--no-retry', 'fail it for good'],
      ...FORCE,
    ],
    examples: [
      ['claude-task-client fail 5 -e "The disk is full"', 'another attempt may follow'],
      ['make 2>&1 | tail -20 | claude-task-client fail 5 -e - --no-retry', 'for good'],
    ],
    load: () => import('./commands/fail.ts'),
  },
  {
    usage: 'release <id>',
    summary: 'give a task back unfinished',
    detail: 'Uses up no attempt.',
    options: [['-r, --reason <text>', 'why'], ...FORCE],
    examples: [
      ['claude-task-client release 5', 'somebody else may take it'],
      ['claude-task-client release 5 --force --yes', 'its machine is gone'],
    ],
    load: () => import('./commands/release.ts'),
  },
  {
    usage: 'heartbeat',
    summary: 'renew the leases claimed on this machine',
    detail: 'Exits with 5 if one was lost: stop working on that task.',
    examples: [['claude-task-client heartbeat', 'every few minutes while working']],
    load: () => import('./commands/heartbeat.ts'),
  },
  {
    usage: 'login [url]',
    summary: 'ask for URL and key, test them, save them',
    examples: [
      ['claude-task-client login http://athena.local:5051', 'asks for the key'],
      ['claude-task-client login http://athena.local:5051 < key-file', 'without questions'],
    ],
    load: () => import('./commands/login.ts'),
  },
  WORK_COMMAND,
];
