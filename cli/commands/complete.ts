import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { nextLine } from '../format.ts';
import { text, wordOrStdin } from '../given.ts';
import { withProof } from './proof.ts';

export async function run(deps: Deps, given: Given): Promise<Outcome> {
  const typed = text(given.options['notes']);
  const answer = await withProof(deps, given, {
    verb: 'complete',
    call: async (id, proof) => {
      const notes = typed === undefined ? {} : { notes: await wordOrStdin(typed, deps.io) };
      return deps.api().completeTask(id, { ...notes, ...proof });
    },
  });
  return { json: answer, lines: [`✅ Task #${answer.task.id} completed`, nextLine(answer.next_task)] };
}
