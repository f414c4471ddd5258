/** Tasks that wait for room of their person, or for anything else that they are parked for; and their way back. */
import { laneOf } from '../core/lanes.ts';
import { isReady, personOf, type TaskChange } from '../core/task.ts';
import type { NowParked } from '../core/work.ts';
import type { TaskTable } from './task-table.ts';

interface Told {
  readonly ready: (lane: string) => void;
  readonly timesChanged: () => void;
}

export function createPersonRoom(tasks: TaskTable, signals: Told) {
  function tellIfReady(id: number): void {
    const task = tasks.byId(id);
    if (task !== null && isReady(task)) signals.ready(laneOf(task));
  }

  function unpark(id: number): void {
    tasks.unpark(id);
    tellIfReady(id);
  }

  function markReady(id: number): void {
    tasks.markReady(id);
    tellIfReady(id);
  }

  function park(waiting: NowParked): void {
    tasks.park(waiting);
    if (waiting.parked.until !== null) signals.timesChanged();
  }

  return {
    unpark,
    markReady,
    park,

    /**
     * Whatever happens to a person's task but a claim may make room for another, or put another first: the first of
     * each lane is offered again. Where there was no room after all, a claim passes it over once more.
     */
    changed({ before, after, leaseStart }: TaskChange): void {
      const person = before === null || leaseStart ? null : personOf(after);
      if (person !== null) tasks.firstLimited(person).forEach(unpark);
    },
  };
}
