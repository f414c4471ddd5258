import { ApplicationCommandType } from 'discord.js';
import type { InstanceWithWork } from '../../../core/instance.ts';
import type { QueueCounts } from '../../../core/ports.ts';
import {
  TASK_STATUSES,
  WAITING_KINDS,
  type InstanceStatus,
  type WaitingKind,
} from '../../../core/vocabulary.ts';
import { embed } from '../embed.ts';
import type { Outgoing } from '../outgoing.ts';
import { fitLines, inline } from '../text.ts';
import { WAITS_FOR } from '../waiting.ts';
import { runningText, servesText, troublesOf } from '../workers.ts';
import { relative, STATUS_LOOKS } from '../words.ts';
import type { SlashCommand } from './command.ts';

const DOTS: Readonly<Record<InstanceStatus, string>> = { idle: '🟢', working: '🔵', offline: '⚫' };
const ORDER: readonly InstanceStatus[] = ['working', 'idle', 'offline'];
const INSTANCES_SHOWN = 30;
/** As many tasks from the head of the queue. */
const EXPLAINED = 100;

export const status: SlashCommand = {
  kind: 'slash',
  needs: 'look',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'status',
    description: 'Which machines are there, how many tasks there are, and what has waited longest',
  },
  async run({ answer, kit }) {
    await answer.defer('person');
    const [counts, instances] = await Promise.all([kit.store.counts(), kit.store.instances()]);
    const { tasks } = await kit.store.tasks({ statuses: ['pending'], limit: EXPLAINED });
    const waits = await kit.store.look((facts) => tasks.map(kit.tasks.waits(facts)));
    await answer.show(statusReport(counts, instances, waitsLine(waits.map((waiting) => waiting?.kind))));
  },
};

function statusReport(
  counts: QueueCounts,
  instances: readonly InstanceWithWork[],
  waits: readonly string[],
): Outgoing {
  const numbers = TASK_STATUSES.map(
    (name) => `${STATUS_LOOKS[name].icon} ${counts.counts[name]} ${name.replace('_', ' ')}`,
  );
  const oldest =
    counts.oldestPendingAt === null
      ? 'Nothing waits.'
      : `Oldest waiting: since ${relative(counts.oldestPendingAt)}`;
  const paused = counts.queue.paused ? ['⏸️ **The queue is paused.**'] : [];
  return {
    embed: embed({
      title: '📊 Status',
      colour: STATUS_LOOKS.pending.colour,
      description: [
        ...paused,
        numbers.join(' · '),
        oldest,
        ...waits,
        '',
        '**Instances**',
        instanceLines(instances),
      ].join('\n'),
    }),
    plain: `📊 ${counts.counts.pending} pending, ${counts.counts.in_progress} in progress.`,
  };
}

/** Of those that are next: what stands in their way beside the tasks before them. */
function waitsLine(kinds: readonly (WaitingKind | undefined)[]): string[] {
  const parts = WAITING_KINDS.flatMap((kind) => {
    const n = kinds.filter((one) => one === kind).length;
    return n === 0 ? [] : [`${n} ${WAITS_FOR[kind]}`];
  });
  const among = kinds.length === EXPLAINED ? `Of the next ${EXPLAINED}, waiting` : 'Waiting';
  return parts.length === 0 ? [] : [`${among} ${parts.join(' · ')}`];
}

function instanceLines(instances: readonly InstanceWithWork[]): string {
  if (instances.length === 0) return 'None has been seen yet; `/athena` says how to connect one.';
  const sorted = instances.toSorted(
    (a, b) =>
      ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || b.lastSeen.getTime() - a.lastSeen.getTime(),
  );
  const lines = sorted.slice(0, INSTANCES_SHOWN).map((instance) => {
    const seen = `last seen ${relative(instance.lastSeen)}`;
    const doing = `${instance.status}${runningText(instance)}`;
    const serves = instance.status === 'offline' ? null : servesText(instance);
    return [
      `${DOTS[instance.status]} ${inline(instance.name, 60)} · ${doing} · ${seen}`,
      ...(serves === null ? [] : [`  ${serves}`]),
      ...troublesOf(instance).map((trouble) => `  ⚠️ ${trouble}`),
    ].join('\n');
  });
  return fitLines(lines, 3_500, sorted.length - lines.length);
}
