/** Reads one page of the queue. Pages are numbered, so a button keeps its meaning over restarts. */
import type { Store } from '../../core/ports.ts';
import type { Task } from '../../core/task.ts';
import type { TaskService } from '../../core/task-service.ts';
import type { Outgoing } from './outgoing.ts';
import { pageCount, PAGE_SIZE, queuePage, RUNNING_SHOWN } from './queue-page.ts';
import { whyWaiting } from './waiting.ts';
import { troubleLines } from './workers.ts';

/** As many as one read gives; a page far down costs one read for every so many before it. */
const READ_AT_ONCE = 200;
/** Nobody turns further than this by hand. */
const LAST_PAGE = 99;
/** Reasons are given for the first few; what comes later waits for them anyway. */
const REASONS_SHOWN = 3;

interface Queue {
  readonly store: Store;
  readonly tasks: Pick<TaskService, 'waits'>;
}

export async function readQueuePage({ store, tasks }: Queue, wantedPage: number): Promise<Outgoing> {
  const counts = await store.counts();
  const page = Math.min(wantedPage, pageCount(counts.counts.pending) - 1, LAST_PAGE);
  const running = await store.tasks({ statuses: ['in_progress'], limit: RUNNING_SHOWN });
  const waiting = await waitingFrom(store, page * PAGE_SIZE);
  const explained = page === 0 ? waiting.slice(0, REASONS_SHOWN) : [];
  const reasons = await store.look((facts) => {
    const waits = tasks.waits(facts);
    return explained.map((task) => whyWaiting(waits(task), task, facts));
  });
  const troubles = troubleLines(await store.instances());
  return queuePage({ page, running: running.tasks, waiting, counts, reasons, troubles });
}

async function waitingFrom(store: Store, start: number): Promise<readonly Task[]> {
  let cursor: string | undefined;
  for (let seen = 0; ; seen += READ_AT_ONCE) {
    const limit = Math.min(READ_AT_ONCE, start + PAGE_SIZE - seen);
    const read = await store.tasks({ statuses: ['pending'], limit, cursor });
    if (start < seen + READ_AT_ONCE) return read.tasks.slice(start - seen, start - seen + PAGE_SIZE);
    if (read.nextCursor === null) return [];
    cursor = read.nextCursor;
  }
}
