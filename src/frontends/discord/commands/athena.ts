import { ApplicationCommandType } from 'discord.js';
import type { QueueCounts } from '../../../core/ports.ts';
import { embed } from '../embed.ts';
import type { Outgoing } from '../outgoing.ts';
import type { Kit } from '../turn.ts';
import { duration, inZone, STATUS_LOOKS } from '../words.ts';
import type { SlashCommand } from './command.ts';

const COMMANDS = [
  '`/task` queue a task (without a description a form opens)',
  '`/queue` what waits and why; pause and resume',
  '`/status` machines and numbers',
  '`/done` recent results',
  '`/usage` what runs have cost, today and this month',
  '`/priority` and `/cancel` change a task',
  '`/reply` tells a run something, or has a finished task go on',
  '**Apps › Queue as task** on any message',
];

const CONNECT = [
  'On the machine that runs Claude Code (Node 20 or newer), with the address of this server:',
  '```',
  'curl -fsSO http://SERVER:5051/client/claude-task-client.mjs',
  'node claude-task-client.mjs login http://SERVER:5051',
  'node claude-task-client.mjs check',
  '```',
];

export const athena: SlashCommand = {
  kind: 'slash',
  needs: 'look',
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'athena',
    description: 'Version, commands, and how to connect a machine',
  },
  async run({ answer, kit }) {
    await answer.defer('person');
    await answer.show(about(kit, await kit.store.counts()));
  },
};

function about({ about, clock, config }: Kit, { counts, queue }: QueueCounts): Outgoing {
  const up = duration(clock.now().getTime() - about.startedAt.getTime());
  const since = `${inZone(about.startedAt, config.timeZone)} ${config.timeZone}`;
  const waiting = `${counts.pending} waiting, ${counts.in_progress} in progress${queue.paused ? ', paused' : ''}`;
  return {
    embed: embed({
      title: `🦉 Athena ${about.version}`,
      colour: STATUS_LOOKS.pending.colour,
      description: 'A durable task queue between this server and the machines that run Claude Code.',
      fields: [
        { name: 'Up', value: `${up}, since ${since}` },
        { name: 'Queue', value: waiting },
        { name: 'Commands', value: COMMANDS.join('\n'), isWide: true },
        { name: 'Connect a machine', value: CONNECT.join('\n'), isWide: true },
      ],
    }),
    plain: `🦉 Athena ${about.version}, up ${up}: ${waiting}.`,
  };
}
