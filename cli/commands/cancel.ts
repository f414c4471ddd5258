import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { taskId, text } from '../given.ts';

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const answer = await deps.api().cancelTask(id, text(options['reason']));
  // If it was ours, its lease has ended with it.
  const lease = deps.leases().find(id);
  if (lease !== undefined)
    await deps
      .leases()
      .forget(lease.lease_id)
      .catch(() => {});
  return { json: answer, lines: [`🚫 Task #${id} cancelled`] };
}
