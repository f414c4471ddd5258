import type { TaskView } from '../../src/contract/task.ts';
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
  return { json: answer, lines: [completedLine(answer.task), nextLine(answer.next_task)] };
}

/** What was said meanwhile is new work: the task is in the queue again with it. */
function completedLine({ id, status }: TaskView): string {
  if (status !== 'pending') return `✅ Task #${id} completed`;
  return `✅ Task #${id} completed, and back in the queue: somebody replied meanwhile. "claude-task-client claim ${id}" shows what, and takes it again`;
}
