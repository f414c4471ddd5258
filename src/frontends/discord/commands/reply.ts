import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { TEXT_LIMITS } from '../../../core/vocabulary.ts';
import { reply as say } from '../run-replies.ts';
import type { SlashCommand } from './command.ts';
import { optionText, readTaskId, suggestTasksToSteer, TASK_ID_OPTION } from './options.ts';

/** The same as a plain message in the task's thread, from anywhere. */
export const reply: SlashCommand = {
  kind: 'slash',
  needs: 'steer',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'reply',
    description: 'Tell a run something, or have a finished task go on',
    options: [
      TASK_ID_OPTION,
      {
        type: ApplicationCommandOptionType.String,
        name: 'text',
        description: 'What it shall know or do',
        required: true,
        max_length: TEXT_LIMITS.reply,
      },
      {
        type: ApplicationCommandOptionType.Boolean,
        name: 'now',
        description: 'Interrupt what it is doing; left out, it hears it at its next step',
      },
    ],
  },
  async run(turn) {
    const { interaction, answer } = turn;
    const taskId = readTaskId(optionText(interaction, 'task_id'));
    const now = optionText(interaction, 'now') === 'true';
    await answer.defer('person');
    await say(turn, { taskId, text: optionText(interaction, 'text') ?? '', now });
  },
  choices: suggestTasksToSteer,
};
