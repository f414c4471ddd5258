/** One message in place of many, after a long absence. */
import type { TaskEvent } from '../../core/event.ts';
import type { Missed } from '../../core/ports.ts';
import type { EventAction } from '../../core/vocabulary.ts';
import { embed } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { fitLines, inline } from './text.ts';
import { absolute, ACTION_COUNTS } from './words.ts';

const ENDS_SHOWN = 10;
const COLOUR = 0x58_65_f2;

const END_ICONS: Partial<Record<EventAction, string>> = { completed: '✅', failed: '❌', cancelled: '🚫' };

export function summary(missed: Missed): Outgoing {
  const ends = missed.events.filter((event) => END_ICONS[event.action] !== undefined);
  const newest = ends.slice(-ENDS_SHOWN).reverse();
  const rest = ends.length - newest.length;
  const lines = [
    `Since ${absolute(missed.since)}: ${counts(missed.events)}.`,
    ...newest.map(endLine),
    ...(rest > 0 ? [`… and ${rest} more ended`] : []),
    '`/queue` and `/done` show how things stand now.',
  ];
  return {
    embed: embed({ title: '📬 While Athena was away', colour: COLOUR, description: fitLines(lines, 3_900) }),
    plain: '📬 Athena was away; `/queue` and `/done` show how things stand now.',
  };
}

function counts(events: readonly TaskEvent[]): string {
  const byAction = new Map<EventAction, number>();
  for (const { action } of events) byAction.set(action, (byAction.get(action) ?? 0) + 1);
  const words = Object.entries(ACTION_COUNTS) as [EventAction, string | null][];
  const told = words.flatMap(([action, word]) => {
    const count = byAction.get(action);
    return word === null || count === undefined ? [] : [`${count} ${word}`];
  });
  return told.length === 0 ? 'only small changes' : told.join(', ');
}

function endLine(event: TaskEvent): string {
  return `${END_ICONS[event.action] ?? ''} #${event.taskId} ${inline(event.details.title, 100)}`;
}
