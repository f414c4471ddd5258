/** Stops the server and holds everything against everything. */
import { checkAcknowledged } from './oracle/acknowledged.ts';
import { checkCauses } from './oracle/causes.ts';
import { checkChannel, countDelivered } from './oracle/channel.ts';
import { checkHistory } from './oracle/history.ts';
import { readChannel } from './oracle/seen.ts';
import { readTables } from './oracle/tables.ts';
import { judgeViolations } from './oracle/violations.ts';
import { CHANNEL, type World } from './world.ts';

export interface Verdict {
  readonly findings: readonly string[];
  readonly tasks: number;
  readonly events: number;
  /** Messages in the channel that tell of events. */
  readonly delivered: number;
  readonly leases: number;
  /** Broken rules of Discord's that a fault excuses. */
  readonly excused: number;
}

export async function judge(world: World): Promise<Verdict> {
  const { keeper, twin, journal } = world;
  const code = await keeper.close();
  const tables = readTables(world.database);
  const channel = readChannel(twin, CHANNEL);
  const { excused, findings: rules } = judgeViolations(twin.violations, twin.interactions);
  const findings = [
    ...world.findings,
    ...(code === 0 ? [] : [`the server was asked to stop and ended with ${String(code)}`]),
    ...tables.broken,
    ...(tables.paused ? ['lost: the queue is paused, although its resumption was acknowledged'] : []),
    ...checkHistory(tables),
    ...checkAcknowledged(journal.ops, tables),
    ...checkCauses(journal.ops, tables),
    ...checkChannel(channel, tables),
    ...rules,
    ...twin.unknownRoutes.map((route) => `unknown to Discord: ${route}`),
  ];
  for (const finding of findings) journal.note('finding', { finding });
  return {
    findings,
    tasks: tables.tasks.length,
    events: tables.events.length,
    delivered: countDelivered(channel),
    leases: tables.leases.length,
    excused,
  };
}
