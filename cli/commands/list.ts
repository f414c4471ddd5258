import type { TaskView } from '../../src/contract/task.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { duration, holderOf, secondsUntil, statusText } from '../format.ts';
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

/** All pending: who submitted first matters, so their age. All kinds: their status and holder. */
function toTable({ io, host }: Deps, tasks: readonly TaskView[], isPending: boolean): string[] {
  const age = (task: TaskView) =>
    duration(-secondsUntil(task.created_at, host.now())).replace(/(\S+ \S+) .*/, '$1');
  const cells = (task: TaskView): Cell[] => [
    { text: `#${task.id}` },
    isPending ? { text: age(task) } : { text: statusText(task.status) },
    { text: safeLine(task.priority), paint: priorityPaint(task.priority) },
    { text: about(task, isPending) },
  ];
  const priorityPaint = (priority: string) => {
    if (priority === 'high') return io.paint.red;
    return priority === 'low' ? io.paint.dim : (same: string) => same;
  };
  return tableLines({
    headings: ['ID', isPending ? 'AGE' : 'STATUS', 'PRIORITY', 'DESCRIPTION'],
    rows: tasks.map(cells),
    width: io.width,
    paintHeading: io.paint.bold,
  });
}

function about(task: TaskView, isPending: boolean): string {
  const who = isPending ? task.target && `for ${safeLine(task.target)}` : holderOf(task);
  return `${who ? `[${who}] ` : ''}${titleOf(task.description)}`;
}
