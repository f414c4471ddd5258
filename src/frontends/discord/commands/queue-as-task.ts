import { ApplicationCommandType } from 'discord.js';
import { MOST_ATTACHMENTS } from '../../../core/run-files.ts';
import { TEXT_LIMITS } from '../../../core/vocabulary.ts';
import { blockWithNote } from '../text.ts';
import type { MessageCommand } from './command.ts';
import { taskForm } from './task-form.ts';
import { offered } from './wishes.ts';

const WHOLE = 'message.txt';

/** In the menu of any message: its text becomes the description, to be looked over first; its files go along. */
export const queueAsTask: MessageCommand = {
  kind: 'message',
  needs: 'submit',
  definition: { type: ApplicationCommandType.Message, name: 'Queue as task' },
  async run(turn) {
    const { content, embeds, attachments } = turn.interaction.targetMessage;
    const texts = [content, ...embeds.flatMap(({ title, description }) => [title, description])];
    const text = texts.filter((one) => one != null && one.trim() !== '').join('\n\n');
    const isLong = text.length > TEXT_LIMITS.description;
    const given = [...attachments.values()].map(offered);
    const hasRoom = given.length < MOST_ATTACHMENTS;
    const files = [...given, ...(isLong && hasRoom ? [{ name: WHOLE, text }] : [])];
    const note = hasRoom
      ? `\n… (shortened; all of it goes along as ${WHOLE})`
      : `\n… (shortened; its ${given.length} files leave no room for the rest)`;
    const description = isLong ? blockWithNote(text, TEXT_LIMITS.description, note) : text;
    const chosen = files.length > 0 ? { files } : {};
    await turn.answer.form(await taskForm(turn, description === '' ? {} : { description }, chosen));
  },
};
