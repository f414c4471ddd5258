import type { LogEntry, TaskView } from '../../src/contract/task.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { actorText, ago, block, clockTime, holderOf, priorityText, statusText, timeLeft } from '../format.ts';
import { taskId } from '../given.ts';
import { safeLine, safeText } from '../text.ts';
import { pad, widthOf } from '../width.ts';

export async function run(deps: Deps, { words }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const api = deps.api();
  const [{ task }, { logs }] = await Promise.all([api.getTask(id), api.taskLogs(id)]);
  const now = deps.host.now();
  const lines = [
    deps.io.paint.bold(`#${task.id} ${statusText(task.status)}`),
    ...facts(task, now),
    '',
    ...history(logs),
    '',
    safeText(task.description),
  ];
  return { json: { task, logs }, lines };
}

function facts(task: TaskView, now: number): string[] {
  const by = task.submitted_by === null ? '' : ` by ${safeLine(task.submitted_by)}`;
  const lines: (string | null)[] = [
    `Priority: ${priorityText(task.priority)}`,
    `Created:  ${ago(task.created_at, now)}${by}`,
    task.target && `Target:   ${safeLine(task.target)}`,
    holderLine(task, now),
    task.attempt > 0 ? `Attempt:  ${task.attempt} of ${task.max_attempts}` : null,
    task.not_before && `Waits:    until ${clockTime(task.not_before)}`,
    task.completed_at && `Ended:    ${ago(task.completed_at, now)}`,
    task.error && block('Error', task.error),
    task.notes && block('Notes', task.notes),
  ];
  return lines.filter((line): line is string => Boolean(line));
}

function holderLine(task: TaskView, now: number): string | null {
  const holder = holderOf(task);
  if (holder === null) return null;
  if (task.lease_expires_at === null) return `Done by:  ${holder}`;
  return `Holder:   ${holder} (${timeLeft(task.lease_expires_at, now)})`;
}

/** `2026-11-21 14:05:09  claimed  instance:mac  why`, one below the other. */
function history(logs: readonly LogEntry[]): string[] {
  const actions = logs.map(({ action }) => safeLine(action).replaceAll('_', ' '));
  const widest = Math.max(0, ...actions.map(widthOf));
  return logs.map((entry, at) => {
    const { timestamp, details } = entry;
    const reason = details['error'] ?? details['reason'];
    const why = typeof reason === 'string' ? [safeLine(reason)] : [];
    return [clockTime(timestamp), pad(actions[at] ?? '', widest), actorText(entry), ...why].join('  ');
  });
}
