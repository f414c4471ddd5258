/** Saves what a decision returned, all of it, and notes what the commit will have set in motion. */
import type { KeyChange, StoredKey } from '../core/key.ts';
import { laneOf } from '../core/lanes.ts';
import type { Commit } from '../core/ports.ts';
import { isFinished, isReady, type Task, type TaskChange } from '../core/task.ts';
import type { Outcome, QueueState } from '../core/work.ts';
import type { AdminTable } from './admin-table.ts';
import type { EventTable } from './event-table.ts';
import type { KeyTable } from './key-table.ts';
import { createPersonRoom } from './person-room.ts';
import type { ReadTables } from './reads.ts';
import { createRunSaves } from './run-tables.ts';

export interface SaveTables extends ReadTables {
  readonly events: EventTable;
  readonly admin: AdminTable;
  readonly keys: KeyTable;
}

export type Signals = ReturnType<typeof createSignals>;

/** Collected while a transaction runs; a transaction that is taken back takes them along. */
export function createSignals(tell: (commit: Commit) => void) {
  let readyLanes: string[] = [];
  let hasEvents = false;
  let resumed = false;
  let timesChanged = false;
  let runNews: number[] = [];
  let changedKeys: StoredKey[] = [];
  return {
    begin(): void {
      readyLanes = [];
      runNews = [];
      changedKeys = [];
      hasEvents = resumed = timesChanged = false;
    },
    ready: (lane: string) => void readyLanes.push(lane),
    event: () => void (hasEvents = true),
    resumed: () => void (resumed = true),
    timesChanged: () => void (timesChanged = true),
    runNews: (taskId: number) => void runNews.push(taskId),
    key: (key: StoredKey) => void changedKeys.push(key),
    committed: () => {
      tell({ readyLanes, hasEvents, resumed, timesChanged, runNews, keys: changedKeys });
    },
  };
}

/** Time alone will change something about it: its lease, a delay, or what it is parked for. */
const endsByTime = ({ lease, notBefore, parked }: Task) =>
  [lease, notBefore, parked?.until].some((end) => end != null);

/** It goes on: what stands under its end is out of date. */
const isBack = ({ before, after }: TaskChange) => before !== null && isFinished(before) && !isFinished(after);

/** A task as it became, with all that goes with it in the same transaction. */
function createChangeSaves(
  { tasks, crew, events, leases }: SaveTables,
  signals: Signals,
  room: ReturnType<typeof createPersonRoom>,
): (change: TaskChange) => void {
  function changedHands({ before, after }: TaskChange): void {
    signals.runNews(after.id);
    for (const id of [before?.instanceId, after.instanceId]) if (id != null) crew.changed(id);
  }

  return (change) => {
    tasks.save(change);
    events.append(change.event);
    if (change.leaseEnd) leases.end(change.leaseEnd);
    if (change.leaseStart) leases.start(change.leaseStart);
    signals.event();
    if (change.leaseStart || change.leaseEnd) changedHands(change);
    if (isBack(change)) signals.runNews(change.after.id);
    if (isReady(change.after) && (change.before === null || !isReady(change.before)))
      signals.ready(laneOf(change.after));
    if (endsByTime(change.after)) signals.timesChanged();
    room.changed(change);
  };
}

export function createSaves(tables: SaveTables, signals: Signals) {
  const { tasks, crew, admin, instances, queue, keys, apiKeys } = tables;
  const saveRun = createRunSaves(tables.runTables);
  const room = createPersonRoom(tasks, signals);
  const saveChange = createChangeSaves(tables, signals, room);

  function saveRuns({
    results = [],
    unparked = [],
    parked = [],
    runs = [],
    announced,
  }: Outcome<unknown>): void {
    if (announced) {
      instances.announced(announced);
      crew.changed(announced.instanceId);
    }
    for (const { taskId, result } of results) tasks.setResult(taskId, result);
    unparked.forEach(room.unpark);
    parked.forEach(room.park);
    for (const saves of runs) saveRun(saves).forEach(signals.runNews);
  }

  function saveQueue(state: QueueState): void {
    queue.setState(state);
    if (!state.paused) signals.resumed();
  }

  function saveKey(change: KeyChange): void {
    apiKeys.save(change);
    signals.key(change.after);
  }

  return (outcome: Outcome<unknown>): void => {
    const { changes = [], renewals = [], due = [], adminEvents = [], forgetKey, queue: state } = outcome;
    changes.forEach(saveChange);
    for (const renewal of renewals) tasks.renew(renewal);
    due.forEach(room.markReady);
    saveRuns(outcome);
    if (forgetKey !== undefined) keys.forget(forgetKey);
    if (state) saveQueue(state);
    for (const event of adminEvents) admin.append(event);
    outcome.keys?.forEach(saveKey);
  };
}
