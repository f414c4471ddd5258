/** The next step after a refusal, where the command itself knows no better one. */

const HELP = 'See "claude-task-client --help".';

const HINTS: Record<string, string> = {
  usage: HELP,
  invalid_input: HELP,
  task_not_found: 'See "claude-task-client list --status all".',
  invalid_transition: 'See "claude-task-client show" with its number.',
  lease_lost: 'See "claude-task-client show" with its number.',
  idempotency_conflict: 'Run the same command again.',
};

export function hintFor(code: string): string | undefined {
  return Object.hasOwn(HINTS, code) ? HINTS[code] : undefined;
}
