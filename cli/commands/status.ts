import type { InstanceView } from '../../src/contract/instance.ts';
import type { Stats } from '../../src/contract/stats.ts';
import type { Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ago, duration } from '../format.ts';
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

function instanceLines({ io, host }: Deps, instances: readonly InstanceView[]): string[] {
  if (instances.length === 0) return ['No instance has been seen yet.'];
  return tableLines({
    headings: ['STATUS', 'TASK', 'LAST SEEN', 'INSTANCE'],
    rows: instances.map(({ id, name, status, current_task_id, last_seen }) => [
      { text: safeLine(status) },
      { text: current_task_id === null ? '-' : `#${current_task_id}` },
      { text: ago(last_seen, host.now()) },
      { text: safeLine(name === id ? id : `${name} (${id})`) },
    ]),
    width: io.width,
    paintHeading: io.paint.bold,
  });
}
