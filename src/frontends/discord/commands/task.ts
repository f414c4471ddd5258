import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { TEXT_LIMITS } from '../../../core/vocabulary.ts';
import { suggestCapabilities, suggestProjects } from './announced.ts';
import type { SlashCommand } from './command.ts';
import { queueTask } from './new-task.ts';
import { optionText, PRIORITY_CHOICES, readMachine, readPriority, suggestMachines } from './options.ts';
import { taskForm } from './task-form.ts';
import { chosenIn, readWishes, WISH_OPTIONS } from './wishes.ts';

export const task: SlashCommand = {
  kind: 'slash',
  needs: 'submit',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'task',
    description: 'Queue a task for a Claude Code machine; without a description a form opens',
    options: [
      {
        type: ApplicationCommandOptionType.String,
        name: 'description',
        description: 'What is to be done; leave it out to write a long text in a form',
        max_length: TEXT_LIMITS.description,
      },
      {
        type: ApplicationCommandOptionType.String,
        name: 'priority',
        description: 'How urgent it is; medium if left out',
        choices: PRIORITY_CHOICES,
      },
      {
        type: ApplicationCommandOptionType.String,
        name: 'machine',
        description: 'The one machine that shall do it; any if left out',
        max_length: TEXT_LIMITS.name,
        autocomplete: true,
      },
      ...WISH_OPTIONS,
    ],
  },
  async run(turn) {
    const { interaction, answer } = turn;
    const description = optionText(interaction, 'description') ?? '';
    const priority = optionText(interaction, 'priority');
    const machine = optionText(interaction, 'machine');
    const chosen = chosenIn(interaction);
    if (description !== '') {
      await queueTask(turn, { description, priority, machine, chosen });
      return;
    }
    // Whoever chose what cannot be is told before they write.
    readWishes(chosen);
    const given = { priority: readPriority(priority), machine: readMachine(machine) };
    await answer.form(await taskForm(turn, given, chosen));
  },
  choices: (turn, typed) =>
    SUGGESTIONS[turn.interaction.options.getFocused(true).name]?.(turn, typed) ?? NONE,
};

const NONE = Promise.resolve([]);

const SUGGESTIONS: Readonly<Record<string, SlashCommand['choices']>> = {
  machine: suggestMachines,
  project: suggestProjects,
  requires: suggestCapabilities,
};
