import type { AuditEntry } from '../../src/contract/audit.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { actorText, clockTime } from '../format.ts';
import { wholeNumber } from '../given.ts';
import { readPages } from '../pages.ts';
import { safeLine } from '../text.ts';
import { tableLines, type Cell } from '../table.ts';

const USUAL_LIMIT = 50;

export async function run(deps: Deps, { options }: Given): Promise<Outcome> {
  const limit = wholeNumber('--limit', options['limit'], 1) ?? USUAL_LIMIT;
  const list = await readPages('entries', limit, deps.api().audit);
  if (list.entries.length === 0) return { json: list, lines: ['Nothing yet.'] };
  const remark = 'There are more: raise --limit to see them.';
  return { json: list, lines: toTable(deps, list.entries), ...(list.next_cursor !== null && { remark }) };
}

function toTable({ io }: Deps, entries: readonly AuditEntry[]): string[] {
  return tableLines({
    headings: ['TIME', 'WHAT', 'WHO', 'DETAILS'],
    rows: entries.map(cells),
    width: io.width,
    paintHeading: io.paint.bold,
  });
}

function cells(entry: AuditEntry): Cell[] {
  const told = Object.entries(entry.details).map(([name, value]) =>
    typeof value === 'string' ? value : `${name}: ${JSON.stringify(value)}`,
  );
  return [
    { text: clockTime(entry.timestamp) },
    { text: safeLine(entry.action).replaceAll('_', ' ') },
    { text: actorText(entry) },
    { text: safeLine(told.join(', ')) },
  ];
}
