/** One page of `/queue`: what is being worked on, what waits in claim order and why, and the buttons below. */
import type { QueueCounts } from '../../core/ports.ts';
import type { Task } from '../../core/task.ts';
import { button, row } from './buttons.ts';
import { embed } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { fitLines, inline } from './text.ts';
import { plural, PRIORITY_DOTS, relative, STATUS_LOOKS } from './words.ts';

export const PAGE_SIZE = 10;
export const RUNNING_SHOWN = 10;

const RUNNING_LENGTH = 1_600;
const TROUBLE_LENGTH = 400;
const WAITING_LENGTH = 1_900;
const TITLE_LENGTH = 70;
const SHORTEST_TITLE = 25;
const TITLE_LENGTHS = [TITLE_LENGTH, 45, SHORTEST_TITLE];

export interface QueuePage {
  /** Counted from 0; already within what there is. */
  readonly page: number;
  readonly running: readonly Task[];
  readonly waiting: readonly Task[];
  readonly counts: QueueCounts;
  /** Why the first of them wait; null where only those before it are in the way. */
  readonly reasons: readonly (string | null)[];
  /** Workers that something keeps from working. */
  readonly troubles: readonly string[];
}

export function pageCount(waiting: number): number {
  return Math.max(1, Math.ceil(waiting / PAGE_SIZE));
}

export function queuePage(shown: QueuePage): Outgoing {
  const { page, running, waiting, counts } = shown;
  const pages = pageCount(counts.counts.pending);
  const parts = [
    ...(counts.queue.paused ? [pausedNotice(counts.queue.reason)] : []),
    `**In progress (${counts.counts.in_progress})**`,
    runningLines(running, counts.counts.in_progress),
    ...(shown.troubles.length === 0 ? [] : [`${fitLines(shown.troubles, TROUBLE_LENGTH)}\n`]),
    `**Waiting (${counts.counts.pending})**`,
    waiting.length === 0 ? 'Nothing waits.' : waitingLines(shown),
  ];
  const paging = [
    button({ verb: 'page-back', number: Math.max(0, page - 1) }, { label: '◀ Back', isOff: page === 0 }),
    button({ verb: 'page-on', number: page + 1 }, { label: 'More ▶', isOff: page + 1 >= pages }),
  ];
  const controls = row(
    ...(pages > 1 ? paging : []),
    button({ verb: 'refresh', number: page }, { label: 'Refresh' }),
    counts.queue.paused
      ? button({ verb: 'resume', number: page }, { label: 'Resume', style: 'primary' })
      : button({ verb: 'pause', number: page }, { label: 'Pause' }),
  );
  return {
    embed: embed({
      title: '📋 Queue',
      colour: STATUS_LOOKS.pending.colour,
      description: parts.join('\n'),
      footer: pages > 1 ? `Page ${page + 1} of ${pages}` : undefined,
    }),
    rows: [controls],
    plain: `📋 Queue: ${counts.counts.in_progress} in progress, ${plural(counts.counts.pending, 'task')} waiting.`,
  };
}

function pausedNotice(reason: string | null): string {
  return `⏸️ **Paused**${reason === null ? '' : `: ${inline(reason, 200)}`}\n`;
}

function runningLines(running: readonly Task[], total: number): string {
  if (total === 0) return 'Nothing is being worked on.\n';
  const lines = running.map((task) => {
    const who = inline(task.instanceName ?? task.instanceId ?? 'an instance', 40);
    const since = task.claimedAt === null ? '' : `, started ${relative(task.claimedAt)}`;
    return `🔄 ${name(task)} · ${who}${since}`;
  });
  return `${fitLines(lines, RUNNING_LENGTH, total - running.length)}\n`;
}

/** All of them, as no other page shows them: where they are too long together, each says less. */
function waitingLines({ waiting, reasons }: QueuePage): string {
  const told = [
    ...TITLE_LENGTHS.map((length) => waiting.map((task, index) => waitingLine(task, length, reasons[index]))),
    waiting.map((task) => waitingLine(task, SHORTEST_TITLE)),
  ].map((lines) => lines.join('\n'));
  return told.find(({ length }) => length <= WAITING_LENGTH) ?? told.at(-1) ?? '';
}

function waitingLine(task: Task, titleLength: number, why: string | null = null): string {
  const target = task.target !== null ? ` · for ${inline(task.target, 40)}` : '';
  const reason = why === null ? '' : `\n  ↳ ${why}`;
  return `${PRIORITY_DOTS[task.priority]} ${name(task, titleLength)} · ${relative(task.createdAt)}${target}${reason}`;
}

function name(task: Task, titleLength = TITLE_LENGTH): string {
  return `**#${task.id}** ${inline(task.description.trim().split(/[\r\n]/, 1)[0] ?? '', titleLength)}`;
}
