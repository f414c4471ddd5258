import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { taskId } from '../given.ts';

export async function run(deps: Deps, { words }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const answer = await deps.api().requeueTask(id);
  return { json: answer, lines: [`🔁 Task #${id} waits in the queue again`] };
}
