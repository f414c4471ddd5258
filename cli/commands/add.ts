import { CreateTask } from '../../src/contract/task.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { usageError } from '../errors.ts';
import { text, wordOrStdin } from '../given.ts';

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const description = await wordOrStdin(words[0], deps.io);
  const priority = text(options['priority']);
  const target = text(options['target']);
  const wish = CreateTask.safeParse({
    description,
    ...(priority !== undefined && { priority }),
    ...(target !== undefined && { target }),
  });
  if (!wish.success) throw usageError(wish.error.issues[0]?.message ?? 'That is not a task.');
  const answer = await deps.api().createTask(wish.data);
  return { json: answer, lines: [`📋 Task #${answer.task_id} queued`] };
}
