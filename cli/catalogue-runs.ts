/** The commands that see and steer what workers do, for parser and help. */
import type { CommandSpec } from './command.ts';

export const RUN_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'watch <id>',
    summary: 'follow a task while a worker works on it',
    detail:
      'Prints what its runs say and do until it has ended, and goes on through questions, retries and follow-ups. ' +
      'Exits with 0 when it is completed, 1 when it failed, 5 when it was cancelled. With --json: all of it at the end.',
    options: [['-a, --after <number>', 'only messages after this one']],
    examples: [
      ['claude-task-client watch 5', 'until task #5 has ended; Ctrl-C stops watching, not the task'],
      ['claude-task-client watch 5 && claude-task-client checkout 5', 'then look at the branch'],
    ],
    load: () => import('./commands/watch.ts'),
  },
  {
    usage: 'reply <id> <text>',
    summary: 'tell the run of a task something',
    detail:
      'A running task hears it at its next step, a waiting one when it is claimed. A finished one goes on with it: ' +
      'in the same session and branch, as a follow-up. The text - reads standard input.',
    options: [['--now', 'interrupt what it does']],
    examples: [
      ['claude-task-client reply 5 "Use the other port"', 'while it runs, or after it'],
      ['claude-task-client reply 5 - --now < note.md', 'at once, a long one'],
    ],
    load: () => import('./commands/reply.ts'),
  },
  {
    usage: 'questions',
    summary: 'what runs want to know, and wait for',
    options: [['-a, --all', 'answered and closed ones as well']],
    examples: [['claude-task-client questions', 'those that wait for an answer']],
    load: () => import('./commands/questions.ts'),
  },
  {
    usage: 'answer <id> [option]',
    summary: 'answer a question; without an option: see it',
    detail:
      'An option is named by its number, its id or its label. On a terminal, a question without an option is asked ' +
      'there; elsewhere it is shown, and the exit code is 2.',
    options: [['-t, --text <text>', 'in own words; - reads standard input']],
    examples: [
      ['claude-task-client answer 12', 'see it and choose'],
      ['claude-task-client answer 12 1', 'its first option'],
      ['claude-task-client answer 12 --text "Neither: ask Sam"', 'in own words'],
    ],
    load: () => import('./commands/answer.ts'),
  },
  {
    usage: 'usage',
    summary: 'what the runs have cost',
    options: [
      ['-s, --since <when>', 'a day, a time, today, 7d (this month)'],
      ['-b, --by <what>', 'user, project, model (user)'],
    ],
    examples: [
      ['claude-task-client usage', 'this month, by person'],
      ['claude-task-client usage --since 7d --by project,model', 'the last seven days'],
    ],
    load: () => import('./commands/usage.ts'),
  },
  {
    usage: 'checkout <id>',
    summary: "get a task's branch and session onto this machine",
    detail:
      'Run it in a clone of the repository. It fetches the branch, switches to it, and puts the session where ' +
      "Claude Code finds it. Reading a session takes the owner's key; --no-session gets the branch alone.",
    options: [
      ['--remote <name>', 'the remote that has the branch'],
      ['--no-session', 'only the branch'],
    ],
    examples: [
      ['claude-task-client checkout 5', 'then go on with: claude --resume'],
      ['claude-task-client checkout 5 --no-session', 'with any key'],
    ],
    load: () => import('./commands/checkout.ts'),
  },
];
