import type { TaskView } from '../../src/contract/task.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { duration, holderOf, secondsUntil, statusText } from '../format.ts';
import { dollars, waitsText } from '../format-run.ts';
import { text, wholeNumber } from '../given.ts';
import { readPages } from '../pages.ts';
import { safeLine, titleOf } from '../text.ts';
import { tableLines, type Cell } from '../table.ts';

const USUAL_LIMIT = 50;

export async function run(deps: Deps, { options }: Given): Promise<Outcome> {
  const status = text(options['status']);
  const limit = wholeNumber('--limit', options['limit'], 1) ?? USUAL_LIMIT;
  const api = deps.api();
  const list = await readPages('tasks', limit, (page) => api.listTasks({ status, ...page }));
  if (list.tasks.length === 0) {
    const wanted = status === undefined || status === 'pending' ? 'No tasks pending.' : 'No such tasks.';
    return { json: list, lines: [wanted] };
  }
  const lines = toTable(deps, list.tasks, status === undefined || status === 'pending');
  const remark = 'There are more: raise --limit to see them.';
  return { json: list, lines, ...(list.next_cursor !== null && { remark }) };
}

interface Column {
  readonly heading: string;
  readonly cell: (task: TaskView) => Cell;
  /** Left out where nothing would stand in it, or where the terminal is narrow. */
  readonly isUseful?: (task: TaskView) => boolean;
}

/** From this width on there is room for more than the description. */
const WIDE = 90;

function toTable({ io, host }: Deps, tasks: readonly TaskView[], isPending: boolean): string[] {
  const isWide = io.width >= WIDE;
  const all = [
    { heading: 'ID', cell: ({ id }: TaskView) => ({ text: `#${id}` }) },
    isPending ? ageColumn(host.now()) : STATUS,
    priorityColumn(io.paint),
    ...(isWide ? [PROJECT, isPending ? WAITS : COST] : []),
    { heading: 'DESCRIPTION', cell: (task: TaskView) => ({ text: about(task, { isPending, isWide }) }) },
  ] satisfies Column[];
  const columns: Column[] = all.filter(
    ({ isUseful }: Column) => isUseful === undefined || tasks.some(isUseful),
  );
  return tableLines({
    headings: columns.map(({ heading }) => heading),
    rows: tasks.map((task) => columns.map(({ cell }) => cell(task))),
    width: io.width,
    paintHeading: io.paint.bold,
  });
}

const STATUS: Column = { heading: 'STATUS', cell: ({ status }) => ({ text: statusText(status) }) };
const PROJECT: Column = {
  heading: 'PROJECT',
  cell: ({ project }) => ({ text: safeLine(project ?? '-') }),
  isUseful: ({ project }) => project !== null,
};
const WAITS: Column = {
  heading: 'WAITS',
  cell: ({ waiting_for: waiting }) => ({ text: waiting === null ? '-' : waitsText(waiting) }),
  isUseful: ({ waiting_for: waiting }) => waiting !== null,
};
const COST: Column = {
  heading: 'COST',
  cell: ({ result }) => ({ text: result === null ? '-' : dollars(result.cost_usd) }),
  isUseful: ({ result }) => result !== null,
};

/** Of what waits: who submitted first matters. */
function ageColumn(now: number): Column {
  const age = ({ created_at: created }: TaskView) =>
    duration(-secondsUntil(created, now)).replace(/(\S+ \S+) .*/, '$1');
  return { heading: 'AGE', cell: (task) => ({ text: age(task) }) };
}

function priorityColumn(paint: Deps['io']['paint']): Column {
  const colours: Record<string, (text: string) => string> = { high: paint.red, low: paint.dim };
  return {
    heading: 'PRIORITY',
    cell: ({ priority }) => ({
      text: safeLine(priority),
      ...(Object.hasOwn(colours, priority) && { paint: colours[priority] }),
    }),
  };
}

/** `[notes, for mac, waits for an answer] Title`: in brackets what has no column. */
function about(task: TaskView, { isPending, isWide }: { isPending: boolean; isWide: boolean }): string {
  const { project, target, waiting_for: waiting } = task;
  const tags = [
    !isWide && project,
    isPending ? target && `for ${target}` : holderOf(task),
    !isWide && isPending && waiting && `waits ${waitsText(waiting)}`,
  ];
  const shown = tags
    .filter((tag) => typeof tag === 'string' && tag !== '')
    .map((tag) => safeLine(String(tag)));
  return `${shown.length > 0 ? `[${shown.join(', ')}] ` : ''}${titleOf(task.description)}`;
}
