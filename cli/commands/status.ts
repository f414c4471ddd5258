import type { InstanceView } from '../../src/contract/instance.ts';
import type { Stats } from '../../src/contract/stats.ts';
import type { Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ago, clockTime, duration, secondsUntil } from '../format.ts';
import { tableLines } from '../table.ts';
import { safeLine } from '../text.ts';

export async function run(deps: Deps): Promise<Outcome> {
  const api = deps.api();
  const [stats, { instances }] = await Promise.all([api.stats(), api.instances()]);
  const lines = [...queueLines(stats), '', ...instanceLines(deps, instances)];
  return { json: { stats, instances }, lines };
}

function queueLines(stats: Stats): string[] {
  const oldest = stats.oldest_pending_seconds;
  return [
    `📋 ${stats.pending} pending${oldest === null ? '' : `, the oldest for ${duration(oldest)}`}`,
    `🔄 ${stats.in_progress} in progress`,
    `✅ ${stats.completed} completed`,
    `❌ ${stats.failed} failed`,
    `🚫 ${stats.cancelled} cancelled`,
    ...(stats.paused ? ['⏸️ The queue is paused; "claude-task-client resume" goes on'] : []),
  ];
}

function instanceLines(deps: Deps, instances: readonly InstanceView[]): string[] {
  const { io, host } = deps;
  if (instances.length === 0) return ['No instance has been seen yet.'];
  const table = tableLines({
    headings: ['STATUS', 'TASK', 'LAST SEEN', 'INSTANCE'],
    rows: instances.map((instance) => [
      { text: safeLine(instance.status) },
      { text: tasksOf(instance, host.now()) },
      { text: ago(instance.last_seen, host.now()) },
      { text: nameOf(instance) },
    ]),
    width: io.width,
    paintHeading: io.paint.bold,
  });
  const troubles = instances.flatMap((instance) => troubleLines(deps, instance));
  return troubles.length === 0 ? table : [...table, '', ...troubles];
}

/** What it works on and for how long: `#5 (3 min), #8 (20 s)`. A worker with more than one place says how many. */
function tasksOf({ running, current_task_id: current, concurrency }: InstanceView, now: number): string {
  const places = concurrency !== null && concurrency > 1 ? `${running.length}/${concurrency} ` : '';
  if (running.length === 0) return places + (current === null ? '-' : `#${current}`);
  const tasks = running.map(({ task_id, since }) => `#${task_id} (${duration(-secondsUntil(since, now))})`);
  return places + tasks.join(', ');
}

/** `Homelab (homelab-1) · notes, blog · gpu` */
function nameOf({ id, name, projects, capabilities }: InstanceView): string {
  const served = projects.filter((project) => project !== null);
  const parts = [name === id ? id : `${name} (${id})`, served.join(', '), capabilities.join(', ')];
  return parts
    .filter((part) => part !== '')
    .map(safeLine)
    .join(' · ');
}

function troubleLines({ host }: Deps, { id, problem, held_until: held }: InstanceView): string[] {
  const isHeld = held !== null && secondsUntil(held, host.now()) > 0;
  return [
    ...(problem === null ? [] : [`⚠️ ${safeLine(id)}: ${safeLine(problem)}`]),
    ...(isHeld ? [`⏳ ${safeLine(id)}: no quota left until ${clockTime(held)}`] : []),
  ];
}
