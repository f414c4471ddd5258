import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { text } from '../given.ts';
import { withProof } from './proof.ts';

export async function run(deps: Deps, given: Given): Promise<Outcome> {
  const reason = text(given.options['reason']);
  const answer = await withProof(deps, given, {
    verb: 'release',
    call: (id, proof) => deps.api().releaseTask(id, { ...(reason !== undefined && { reason }), ...proof }),
  });
  return { json: answer, lines: [`↩️ Task #${answer.task.id} released: it waits in the queue again`] };
}
