import { ApplicationCommandType } from 'discord.js';
import type { MessageCommand } from './command.ts';
import { taskForm } from './task-form.ts';

/** In the menu of any message: its text becomes the description, to be looked over first. */
export const queueAsTask: MessageCommand = {
  kind: 'message',
  needs: 'submit',
  definition: { type: ApplicationCommandType.Message, name: 'Queue as task' },
  async run({ interaction, answer }) {
    const { content, embeds } = interaction.targetMessage;
    const texts = [content, ...embeds.flatMap(({ title, description }) => [title, description])];
    const description = texts.filter((text) => text != null && text.trim() !== '').join('\n\n');
    await answer.form(taskForm(description === '' ? {} : { description }));
  },
};
