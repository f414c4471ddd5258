/** Pure: from values of the contract to lines for people. All text from outside passes through `text.ts`. */
import type { LogEntry, TaskView } from '../src/contract/task.ts';
import { safeLine, safeText, titleOf } from './text.ts';
import { fit } from './width.ts';

const PRIORITY_SIGNS: Record<string, string> = { high: '🔴', medium: '🟡', low: '🟢' };
const STATUS_SIGNS: Record<string, string> = {
  pending: '📋',
  in_progress: '🔄',
  completed: '✅',
  failed: '❌',
  cancelled: '🚫',
};

/** A newer server may know more words than we have signs for. */
export function priorityText(priority: string): string {
  const sign = Object.hasOwn(PRIORITY_SIGNS, priority) ? `${PRIORITY_SIGNS[priority]} ` : '';
  return sign + safeLine(priority);
}

export function statusText(status: string): string {
  const sign = Object.hasOwn(STATUS_SIGNS, status) ? `${STATUS_SIGNS[status]} ` : '';
  return sign + safeLine(status).replaceAll('_', ' ');
}

const TITLE_COLUMNS = 100;
/** The id that the server gives to `API_KEY`. */
const OWNER = 'owner';

/** `#5 Deploy new monitoring stack` */
export function taskLine({ id, description }: Pick<TaskView, 'id' | 'description'>): string {
  return `#${id} ${fit(titleOf(description), TITLE_COLUMNS)}`;
}

/** ` [notes]`; empty for a task of no project. */
export function projectTag({ project }: Pick<TaskView, 'project'>): string {
  return project === null ? '' : ` [${safeLine(project)}]`;
}

export function nextLine(next: TaskView | null): string {
  return next === null ? 'Nothing else is waiting.' : `📋 Next: ${taskLine(next)}`;
}

/** The label, and several lines indented below it, so that no text can pass for one of ours. */
export function block(label: string, text: string): string {
  const lines = safeText(text).trimEnd().split('\n');
  return lines.length === 1
    ? `${label}: ${lines[0] ?? ''}`
    : `${label}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

export function holderOf({ instance_name, instance_id }: TaskView): string | null {
  const name = instance_name ?? instance_id;
  return name === null ? null : safeLine(name);
}

/** `instance:mac, key mac`. The owner's own key goes without saying. */
export function actorText({ actor, key }: Pick<LogEntry, 'actor' | 'key'>): string {
  const by = key === undefined || key === null || key.id === OWNER ? '' : `, key ${key.name}`;
  return safeLine(actor + by);
}

/** `45 s`, `2 h 5 min`, `3 d 4 h`: the two largest units. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units = [
    ['d', Math.floor(whole / 86_400)],
    ['h', Math.floor(whole / 3600) % 24],
    ['min', Math.floor(whole / 60) % 60],
    ['s', whole % 60],
  ] as const;
  const first = units.findIndex(([, amount]) => amount > 0);
  if (first === -1) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(' ');
}

export function secondsUntil(time: string, now: number): number {
  return (Date.parse(time) - now) / 1000;
}

export function ago(time: string, now: number): string {
  const seconds = -secondsUntil(time, now);
  return Number.isNaN(seconds) ? 'unknown' : `${duration(seconds)} ago`;
}

/** `1 h 58 min left`, also where the clocks differ a little. */
export function timeLeft(time: string, now: number): string {
  const seconds = secondsUntil(time, now);
  if (Number.isNaN(seconds)) return 'time left unknown';
  return seconds <= 0 ? 'lease expired' : `${duration(seconds)} left`;
}

/** `2026-11-21 14:05:09`, in the time zone of this machine. */
export function clockTime(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return safeLine(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
