/** Pure: runs, their results and what a task waits for, as lines for people. */
import type { ResultView } from '../src/contract/run.ts';
import type { TaskView } from '../src/contract/task.ts';
import { clockTime, duration } from './format.ts';
import { safeLine } from './text.ts';

type Waiting = NonNullable<TaskView['waiting_for']>;

const WAITS: Record<string, string> = {
  paused: 'until the queue goes on',
  not_before: 'for its time',
  answer: 'for an answer',
  quota: 'for quota',
  budget: 'for more budget',
  limit: "for its person's limit",
  target: 'for its instance',
  no_worker: 'for a worker',
  busy: 'for a free worker',
};

/** `for an answer`: fits into a table. A newer server may know more reasons. */
export function waitsText({ kind }: Pick<Waiting, 'kind'>): string {
  return (Object.hasOwn(WAITS, kind) ? WAITS[kind] : undefined) ?? safeLine(kind).replaceAll('_', ' ');
}

/** The same in full: `for an answer: "May I run npm install?" (until 2026-11-21 14:05:09)` */
export function waitingLine(waiting: Waiting): string {
  const detail = safeLine(waiting.detail);
  const until = waiting.until == null ? '' : ` (until ${clockTime(waiting.until)})`;
  return `${waitsText(waiting)}${detail === '' ? '' : `: ${detail}`}${until}`;
}

/** `$0.42`; small amounts with what makes them more than nothing. */
export function dollars(amount: number): string {
  const isSmall = amount > 0 && amount < 0.1;
  return `$${amount.toFixed(isSmall ? 4 : 2)}`;
}

/** `950`, `12.3k`, `4.5M` */
export function shortCount(count: number): string {
  if (count < 1000) return String(count);
  if (count < 999_500) return `${trimmed(count / 1000)}k`;
  return `${trimmed(count / 1_000_000)}M`;
}

function trimmed(amount: number): string {
  return amount.toFixed(amount < 100 ? 1 : 0).replace(/\.0$/, '');
}

function costText(result: Pick<ResultView, 'cost_usd' | 'cost_estimated'>): string {
  return `${result.cost_estimated ? 'about ' : ''}${dollars(result.cost_usd)}`;
}

/** `3 files, +20 -4`; empty where nothing is known. */
function changesText({ files_changed: files, insertions, deletions }: ResultView): string {
  if (files === null) return '';
  const lines = insertions === null && deletions === null ? '' : `, +${insertions ?? 0} -${deletions ?? 0}`;
  return `${files} ${files === 1 ? 'file' : 'files'}${lines}`;
}

/** As label and value, in the order in which they matter. Without the summary, which has lines of its own. */
export function resultFacts(result: ResultView): [label: string, value: string][] {
  const tokens = result.input_tokens + result.output_tokens;
  const used = [
    costText(result),
    ...(tokens > 0 ? [`${shortCount(tokens)} tokens`] : []),
    ...(result.turns > 0 ? [`${result.turns} ${result.turns === 1 ? 'turn' : 'turns'}`] : []),
    duration(result.duration_seconds),
  ];
  const changes = changesText(result);
  const branch = result.branch === null ? null : safeLine(result.branch);
  const facts: [string, string | null][] = [
    ['Outcome', outcomeText(result.outcome)],
    ['Branch', branch && `${branch}${changes && ` (${changes})`}`],
    ['Used', used.join(', ')],
    ['Model', result.model && safeLine(result.model)],
    ['Session', result.session_id && safeLine(result.session_id)],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

function outcomeText(outcome: string): string {
  return safeLine(outcome).replaceAll('_', ' ');
}

/** What a task may use up: `$5.00, 60 min`; empty where nothing was said. */
export function budgetText(task: TaskView): string {
  return [
    ...(task.max_cost_usd === null ? [] : [dollars(task.max_cost_usd)]),
    ...(task.max_tokens === null ? [] : [`${shortCount(task.max_tokens)} tokens`]),
    ...(task.max_turns === null ? [] : [`${task.max_turns} turns`]),
    ...(task.max_minutes === null ? [] : [duration(task.max_minutes * 60)]),
  ].join(', ');
}
