import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { PRIORITY_LABELS } from '../words.ts';
import type { SlashCommand } from './command.ts';
import {
  optionText,
  PRIORITY_CHOICES,
  readPriority,
  readTaskId,
  suggestTasks,
  TASK_ID_OPTION,
} from './options.ts';

export const priority: SlashCommand = {
  kind: 'slash',
  needs: 'change',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'priority',
    description: 'Change how urgent a task is',
    options: [
      TASK_ID_OPTION,
      {
        type: ApplicationCommandOptionType.String,
        name: 'level',
        description: 'The new priority',
        required: true,
        choices: PRIORITY_CHOICES,
      },
    ],
  },
  async run({ interaction, answer, person, kit }) {
    const id = readTaskId(optionText(interaction, 'task_id'));
    const level = readPriority(optionText(interaction, 'level')) ?? 'medium';
    await answer.defer('person');
    const task = await kit.store.decide(kit.tasks.changePriority(id, person.caller, level));
    await answer.tell(`Task #${task.id} now has the priority ${PRIORITY_LABELS[task.priority]}.`);
  },
  choices: suggestTasks,
};
