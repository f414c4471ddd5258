/** The worker itself. */
import type { Outcome } from '../command.ts';
import { usageError } from '../errors.ts';

export function run(): Promise<Outcome> {
  return Promise.reject(usageError('Say what to do.', 'See "claude-task-client work --help".'));
}
