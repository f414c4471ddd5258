import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { priorityText } from '../format.ts';
import { taskId } from '../given.ts';

export async function run(deps: Deps, { words }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const answer = await deps.api().setPriority(id, words[1] ?? '');
  return { json: answer, lines: [`${priorityText(answer.task.priority)}: priority of task #${id}`] };
}
