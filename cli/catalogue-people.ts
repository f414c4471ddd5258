/** The commands of the people who look after the queue, for parser and help. */
import type { CommandSpec } from './command.ts';

export const PEOPLE_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'list',
    summary: 'tasks in claim order',
    detail:
      'A status is pending, in_progress, completed, failed or cancelled. All but pending: newest first.',
    options: [
      ['-s, --status <status>', 'one, a comma list, or all (pending)'],
      ['-l, --limit <number>', 'at most so many (50)'],
    ],
    examples: [
      ['claude-task-client list', 'what waits, the next one first'],
      ['claude-task-client list --status all --limit 10', 'the latest ten of any kind'],
      ['claude-task-client list --status failed,cancelled', 'what may want a requeue'],
    ],
    load: () => import('./commands/list.ts'),
  },
  {
    usage: 'show <id>',
    summary: 'one task with its history',
    examples: [['claude-task-client show 5', 'everything about task #5']],
    load: () => import('./commands/show.ts'),
  },
  {
    usage: 'add <description>',
    summary: 'add a task; - reads standard input',
    detail:
      'A task of a project is for the workers that serve it. What it may use up counts over all its runs.',
    options: [
      ['-p, --priority <level>', 'high, medium (default) or low'],
      ['-t, --target <instance>', 'the one instance it is meant for'],
      ['-P, --project <name>', 'the repository it is about'],
      ['--requires <words>', 'what its worker must have', 'many'],
      ['-m, --model <id>', "instead of the project's model"],
      ['--max-cost <dollars>', 'it may cost so much'],
      ['--max-tokens <number>', 'it may take so many tokens'],
      ['--max-turns <number>', 'it may take so many answers'],
      ['--max-minutes <number>', 'it may run so long'],
    ],
    examples: [
      ['claude-task-client add "Deploy the stack" -p high', 'in front of the others'],
      ['claude-task-client add - < task.md', 'a long one from a file'],
      ['claude-task-client add "Fix the login test" --project notes --max-cost 2', 'for a worker'],
    ],
    load: () => import('./commands/add.ts'),
  },
  {
    usage: 'edit <id> <description>',
    summary: 'change what a pending task says; - reads standard input',
    examples: [
      ['claude-task-client edit 5 "Deploy both stacks"', 'a new text'],
      ['claude-task-client edit 5 - < task.md', 'from a file'],
    ],
    load: () => import('./commands/edit.ts'),
  },
  {
    usage: 'priority <id> <level>',
    summary: 'make a task high, medium or low',
    examples: [['claude-task-client priority 5 high', 'task #5 comes sooner']],
    load: () => import('./commands/priority.ts'),
  },
  {
    usage: 'cancel <id>',
    summary: 'cancel a task, waiting or in progress',
    options: [['-r, --reason <text>', 'why']],
    examples: [['claude-task-client cancel 5 -r "No longer needed"', 'nobody will work on it']],
    load: () => import('./commands/cancel.ts'),
  },
  {
    usage: 'requeue <id>',
    summary: 'give a failed or cancelled task another chance',
    examples: [['claude-task-client requeue 5', 'with all its attempts again']],
    load: () => import('./commands/requeue.ts'),
  },
  {
    usage: 'pause',
    summary: 'hand out no more tasks for now',
    detail: 'Tasks in progress go on, and a claim by id stays possible.',
    options: [['-r, --reason <text>', 'why']],
    examples: [['claude-task-client pause -r "Maintenance until noon"', 'stop']],
    load: () => import('./commands/pause.ts'),
  },
  {
    usage: 'resume',
    summary: 'hand out tasks again',
    examples: [['claude-task-client resume', 'go on after a pause']],
    load: () => import('./commands/resume.ts'),
  },
  {
    usage: 'status',
    summary: 'queue statistics and instances',
    examples: [['claude-task-client status', 'how things stand']],
    load: () => import('./commands/status.ts'),
  },
  {
    usage: 'keys [action] [name]',
    summary: 'named keys: list them, add one, revoke one',
    detail:
      'A key with the scope read sees everything and changes nothing; submit may add and change tasks as well, ' +
      'worker may claim tasks and end its own, admin may do all, keys included. A worker key for one instance ' +
      'speaks for no other. A new key is shown once; the server keeps only its hash.',
    options: [
      ['-s, --scope <scope>', 'add: read, submit, worker, admin'],
      ['-i, --instance <id>', 'add: the one it speaks for'],
      ['-a, --all', 'list: revoked ones as well'],
      ['-y, --yes', 'revoke: do not ask'],
    ],
    examples: [
      ['claude-task-client keys', 'the live ones, and when they were last used'],
      ['claude-task-client keys add mac --scope worker --instance mac', 'for a machine named mac'],
      ['claude-task-client keys add phone --scope submit', 'to add tasks with'],
      ['claude-task-client keys revoke mac', 'by name or id; it stops working at once'],
    ],
    load: () => import('./commands/keys.ts'),
  },
  {
    usage: 'audit',
    summary: 'who paused the queue, added keys and the like, newest first',
    detail: 'What was done to one task, and by whom, is in its history: see show.',
    options: [['-l, --limit <number>', 'at most so many (50)']],
    examples: [['claude-task-client audit --limit 10', 'the latest ten']],
    load: () => import('./commands/audit.ts'),
  },
];
