import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { DomainError } from '../../../core/errors.ts';
import type { Task } from '../../../core/task.ts';
import { embed } from '../embed.ts';
import type { Outgoing } from '../outgoing.ts';
import { fitLines, inline } from '../text.ts';
import { duration, relative, STATUS_LOOKS } from '../words.ts';
import type { SlashCommand } from './command.ts';
import { optionText } from './options.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 25;

export const done: SlashCommand = {
  kind: 'slash',
  needs: 'look',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'done',
    description: 'What has ended lately, and how long it took',
    options: [
      {
        type: ApplicationCommandOptionType.Integer,
        name: 'limit',
        description: `How many to show; ${DEFAULT_LIMIT} if left out`,
        min_value: 1,
        max_value: MAX_LIMIT,
      },
    ],
  },
  async run({ interaction, answer, kit }) {
    const limit = readLimit(optionText(interaction, 'limit'));
    await answer.defer('person');
    await answer.show(report(await kit.store.recentlyFinished(limit)));
  },
};

function readLimit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new DomainError('invalid_input', `The limit is a number from 1 to ${MAX_LIMIT}.`);
}

function report(tasks: readonly Task[]): Outgoing {
  const lines = tasks.map(line);
  return {
    embed: embed({
      title: '🏁 Recently ended',
      colour: STATUS_LOOKS.completed.colour,
      description: lines.length === 0 ? 'Nothing has ended yet.' : fitLines(lines, 3_900),
    }),
    plain: `🏁 ${tasks.map(({ id, status }) => `#${id} ${status}`).join(', ')}`,
  };
}

function line(task: Task): string {
  const { claimedAt, completedAt, instanceName } = task;
  const facts = [
    claimedAt !== null && completedAt !== null
      ? duration(completedAt.getTime() - claimedAt.getTime())
      : task.status,
    ...(instanceName === null ? [] : [inline(instanceName, 40)]),
    ...(completedAt === null ? [] : [relative(completedAt)]),
  ];
  const result = task.status === 'failed' ? task.error : task.notes;
  const more = result === null ? '' : `\n  ↳ ${inline(result, 100)}`;
  return `${STATUS_LOOKS[task.status].icon} **#${task.id}** ${inline(task.description, 70)} · ${facts.join(' · ')}${more}`;
}
