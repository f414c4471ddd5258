import type { LogEntry, TaskView } from '../../src/contract/task.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { actorText, ago, block, clockTime, holderOf, priorityText, statusText, timeLeft } from '../format.ts';
import { budgetText, resultFacts, waitingLine } from '../format-run.ts';
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
    ...wishes(task),
    holderLine(task, now),
    task.attempt > 0 ? `Attempt:  ${task.attempt} of ${task.max_attempts}` : null,
    waitsLine(task),
    task.completed_at && `Ended:    ${ago(task.completed_at, now)}`,
    task.error && block('Error', task.error),
    task.notes && block('Notes', task.notes),
    ...resultLines(task),
  ];
  return lines.filter((line): line is string => Boolean(line));
}

/** For whom it is, and what it may use up. */
function wishes(task: TaskView): (string | null)[] {
  const budget = budgetText(task);
  return [
    task.target && `Target:   ${safeLine(task.target)}`,
    task.project && `Project:  ${safeLine(task.project)}`,
    task.requires.length > 0 ? `Requires: ${safeLine(task.requires.join(', '))}` : null,
    task.model && `Model:    ${safeLine(task.model)}`,
    budget && `May use:  ${budget}`,
  ];
}

function waitsLine({ waiting_for: waiting, not_before: notBefore }: TaskView): string | null {
  if (waiting !== null) return `Waits:    ${waitingLine(waiting)}`;
  return notBefore && `Waits:    until ${clockTime(notBefore)}`;
}

/** Of its runs; a summary that the notes repeat is shown once. */
function resultLines({ result, notes }: TaskView): (string | null)[] {
  if (result === null) return [];
  const facts = resultFacts(result).map(([label, value]) => `${`${label}:`.padEnd(9)} ${value}`);
  return [...facts, result.summary && result.summary !== notes ? block('Summary', result.summary) : null];
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
