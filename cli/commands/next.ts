import type { Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { priorityText, projectTag } from '../format.ts';
import { safeText } from '../text.ts';

export async function run(deps: Deps): Promise<Outcome> {
  const answer = await deps.api().nextTask(deps.config().instanceId);
  const { task } = answer;
  if (task === null) return { json: answer, lines: ['No task is available for this instance.'] };
  return {
    json: answer,
    lines: [`#${task.id} ${priorityText(task.priority)}${projectTag(task)}`, '', safeText(task.description)],
  };
}
