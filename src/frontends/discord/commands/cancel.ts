import { ApplicationCommandType } from 'discord.js';
import { titleOf } from '../../../core/event.ts';
import type { Task } from '../../../core/task.ts';
import { button, row } from '../buttons.ts';
import { says, type Outgoing } from '../outgoing.ts';
import { inline } from '../text.ts';
import type { SlashCommand } from './command.ts';
import { optionText, readTaskId, suggestTasks, TASK_ID_OPTION } from './options.ts';

export const cancel: SlashCommand = {
  kind: 'slash',
  needs: 'change',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'cancel',
    description: 'Cancel (stop, abort, delete) a task that waits or is being worked on',
    options: [TASK_ID_OPTION],
  },
  async run({ interaction, answer, person, kit }) {
    const id = readTaskId(optionText(interaction, 'task_id'));
    await answer.defer('person');
    const task = await kit.store.decide(kit.tasks.cancel(id, person.caller));
    await answer.tell(cancelledAnswer(task));
  },
  choices: suggestTasks,
};

/** Says what was lost, and offers the way back. */
function cancelledAnswer(task: Task): Outgoing {
  const holder = task.instanceName ?? task.instanceId;
  const stopped =
    holder === null
      ? ''
      : `\n${inline(holder, 100)} was working on it and learns of it with its next sign of life.`;
  return {
    ...says(`🚫 Task #${task.id} is cancelled: ${inline(titleOf(task.description), 100)}${stopped}`),
    plain: `🚫 Task #${task.id} is cancelled.`,
    rows: [row(button({ verb: 'requeue', number: task.id }, { label: 'Requeue' }))],
  };
}
