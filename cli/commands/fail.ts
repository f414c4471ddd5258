import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { usageError } from '../errors.ts';
import { text, wordOrStdin } from '../given.ts';
import { withProof } from './proof.ts';

export async function run(deps: Deps, given: Given): Promise<Outcome> {
  const typed = text(given.options['error']);
  if (typed === undefined) {
    throw usageError(
      'Say why it failed: -e, --error TEXT is missing.',
      'Example: fail 5 -e "The disk is full".',
    );
  }
  const retry = given.options['retry'] === false ? { retry: false } : {};
  const answer = await withProof(deps, given, {
    verb: 'fail',
    call: async (id, proof) => {
      const error = await wordOrStdin(typed, deps.io);
      return deps.api().failTask(id, { error, ...retry, ...proof });
    },
  });
  const { id, attempt, max_attempts: most } = answer.task;
  const isBack = answer.status === 'pending';
  const line = isBack
    ? `🔁 Task #${id} back in the queue (${attempt} of ${most})`
    : `❌ Task #${id} failed; "claude-task-client requeue ${id}" gives it another chance`;
  return { json: answer, lines: [line] };
}
