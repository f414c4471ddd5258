/** What runs have cost since some time, and for whom, where and with what. */
import type { UsageAnswer } from '../../src/contract/usage.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { usageError } from '../errors.ts';
import { dollars, shortCount } from '../format-run.ts';
import { commaList, quoted, text } from '../given.ts';
import { tableLines, type Cell } from '../table.ts';
import { safeLine } from '../text.ts';

const KINDS = ['user', 'project', 'model'] as const;
type Kind = (typeof KINDS)[number];
type Group = UsageAnswer['groups'][number];

export async function run(deps: Deps, { options }: Given): Promise<Outcome> {
  const by = kindsIn(text(options['by']));
  const since = text(options['since']);
  const from = since === undefined ? undefined : timeOf(since, deps.host.now());
  const usage = await deps.api().usage({ since: from?.toISOString(), group_by: by.join() });
  return { json: usage, lines: toLines(deps, usage, by) };
}

function kindsIn(typed: string | undefined): Kind[] {
  const words = commaList(typed) ?? ['user'];
  const kinds = KINDS.filter((kind) => words.includes(kind));
  const wrong = words.find((word) => !KINDS.some((kind) => kind === word));
  if (wrong === undefined && kinds.length > 0) return kinds;
  throw usageError(
    `--by takes user, project and model, not ${quoted(wrong ?? typed)}.`,
    'Example: --by user,project.',
  );
}

const DAY_MS = 86_400_000;

/** `7d`, `today`, a day (from its midnight on this machine) or a moment. */
export function timeOf(typed: string, now: number): Date {
  const word = typed.trim();
  const days = /^(\d{1,4})d$/.exec(word)?.[1];
  if (days !== undefined) return new Date(now - Number(days) * DAY_MS);
  const day = new Date(now);
  if (word === 'today') return new Date(day.getFullYear(), day.getMonth(), day.getDate());
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(word);
  const moment = new Date(isDay ? `${word}T00:00:00` : word);
  if (/^\d{4}-\d{2}-\d{2}/.test(word) && !Number.isNaN(moment.getTime())) return moment;
  throw usageError(
    `--since ${quoted(typed)} is no time.`,
    'Examples: 2026-11-01, 2026-11-01T08:00:00Z, today, 7d.',
  );
}

function toLines({ io }: Deps, usage: UsageAnswer, by: readonly Kind[]): string[] {
  const tokens = shortCount(usage.input_tokens + usage.output_tokens);
  const tasks = `${usage.tasks} ${usage.tasks === 1 ? 'task' : 'tasks'}`;
  const total = `${io.paint.bold(dollars(usage.total_cost_usd))} for ${tasks}, ${tokens} tokens`;
  if (usage.groups.length === 0) return [total];
  const groups = usage.groups.toSorted((one, other) => other.cost_usd - one.cost_usd);
  const numbers = groups.map(({ cost_usd, tasks: count, input_tokens, output_tokens }) => [
    dollars(cost_usd),
    String(count),
    shortCount(input_tokens),
    shortCount(output_tokens),
  ]);
  const headings = ['COST', 'TASKS', 'INPUT', 'OUTPUT'];
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...numbers.map((row) => row[at]?.length ?? 0)),
  );
  const right = (texts: readonly string[]) => texts.map((each, at) => each.padStart(widths[at] ?? 0));
  return [
    ...tableLines({
      headings: [...right(headings), by.map((kind) => kind.toUpperCase()).join(' · ')],
      rows: groups.map((group, at): Cell[] => [
        ...right(numbers[at] ?? []).map((each) => ({ text: each })),
        { text: nameOf(group, by) },
      ]),
      width: io.width,
      paintHeading: io.paint.bold,
    }),
    '',
    total,
  ];
}

/** `sam · notes`; what is not known is a dash. */
function nameOf(group: Group, by: readonly Kind[]): string {
  return by.map((kind) => safeLine(group[kind] ?? '') || '-').join(' · ');
}
