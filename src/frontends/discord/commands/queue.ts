import { ApplicationCommandType } from 'discord.js';
import { readQueuePage } from '../queue-reader.ts';
import type { SlashCommand } from './command.ts';

export const queue: SlashCommand = {
  kind: 'slash',
  needs: 'look',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'queue',
    description: 'What is being worked on, what waits, and why it waits',
  },
  async run({ answer, kit }) {
    await answer.defer('channel');
    await answer.show(await readQueuePage(kit, 0));
  },
};
