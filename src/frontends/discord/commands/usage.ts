import { ApplicationCommandType } from 'discord.js';
import type { Usage, UsageGroup, UsageKey } from '../../../core/run-ports.ts';
import { monthName, startOfDay, startOfMonth } from '../../../core/calendar.ts';
import type { DiscordConfig } from '../config.ts';
import { embed, type Field } from '../embed.ts';
import type { Outgoing } from '../outgoing.ts';
import { fitLines, inline } from '../text.ts';
import type { Kit } from '../turn.ts';
import { dollars, plural, STATUS_LOOKS } from '../words.ts';
import type { SlashCommand } from './command.ts';

/** As many as a phone shows without scrolling for long. */
const GROUPS_SHOWN = 5;
const FIELD_LENGTH = 1000;

export const usage: SlashCommand = {
  kind: 'slash',
  needs: 'look',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'usage',
    description: 'What runs have cost: today and this month, by person, project and model',
  },
  async run({ answer, kit }) {
    await answer.defer('person');
    await answer.show(await spending(kit));
  },
};

async function spending({ store, clock, config }: Kit): Promise<Outgoing> {
  const now = clock.now();
  const month = startOfMonth(now, config.timeZone);
  const today = await store.usage({ since: startOfDay(now, config.timeZone), groupBy: ['user'] });
  const [byUser, byProject, byModel] = await Promise.all(
    (['user', 'project', 'model'] as const).map((key) => store.usage({ since: month, groupBy: [key] })),
  );
  const name = monthName(now, config.timeZone);
  const total = byUser?.total ?? today.total;
  return {
    embed: embed({
      title: '💸 Spending',
      colour: STATUS_LOOKS.pending.colour,
      description: [`**Today** ${sum(today.total)}`, `**${name}** ${sum(total)}`, tokens(total)].join('\n'),
      fields: [
        top('People today', 'user', today.groups),
        top(`People in ${name}`, 'user', byUser?.groups ?? []),
        top('Projects', 'project', byProject?.groups ?? []),
        top('Models', 'model', byModel?.groups ?? []),
      ],
      footer: footer(config),
    }),
    plain: `💸 Today ${sum(today.total)}; ${name} ${sum(total)}.`,
  };
}

function footer({ dailyCostUsd, timeZone }: DiscordConfig): string {
  const days = `Days and months as in ${timeZone}`;
  return dailyCostUsd === null ? days : `Each person may spend ${dollars(dailyCostUsd)} a day · ${days}`;
}

function sum({ costUsd, tasks }: Usage): string {
  return `${dollars(costUsd)} · ${plural(tasks, 'task')}`;
}

function tokens({ inputTokens, outputTokens }: Usage): string {
  const short = (count: number) =>
    count.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
  return `${short(inputTokens)} tokens in, ${short(outputTokens)} out`;
}

const NOBODY: Readonly<Record<UsageKey, string>> = {
  user: 'nobody named',
  project: 'no project',
  model: 'unknown model',
};

/** The dearest first; null where there is nothing to tell. */
function top(name: string, key: UsageKey, groups: readonly UsageGroup[]): Field | null {
  if (groups.length === 0) return null;
  const lines = groups
    .toSorted((a, b) => b.costUsd - a.costUsd)
    .map((group) => `${inline(group.key[key] ?? NOBODY[key], 60)} · ${sum(group)}`);
  const hidden = lines.length - GROUPS_SHOWN;
  const shown = [...lines.slice(0, GROUPS_SHOWN), ...(hidden > 0 ? [`… and ${hidden} more`] : [])];
  return { name, value: fitLines(shown, FIELD_LENGTH), isWide: true };
}
