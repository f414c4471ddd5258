import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { taskId, wordOrStdin } from '../given.ts';

export async function run(deps: Deps, { words }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const answer = await deps.api().editTask(id, await wordOrStdin(words[1], deps.io));
  return { json: answer, lines: [`📝 Task #${id} changed`] };
}
