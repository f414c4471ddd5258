/** What the smaller parts found, beside what was aimed at. */
import type { ClaudeRuns } from './claude-runs.ts';
import type { CliStart } from './cli-start.ts';
import { PER_SECOND, WORKERS, type Crew } from './crew.ts';
import type { Memory } from './memory.ts';
import type { Spread } from './numbers.ts';
import type { Outage } from './outage.ts';
import type { PeerRow } from './peers.ts';
import type { Runs } from './runs.ts';
import type { Scale } from './scale.ts';
import { atMost, n, none, plain, toTable, type Figure } from './table.ts';
import type { Faults } from './throughput.ts';
import { CROWD, PARKED, type Waiting } from './waiting.ts';

const both = ({ p50, p99 }: Spread) => `${n(p50)} / ${n(p99)}`;

export function waitingFigures(waiting: Waiting): Figure[] {
  const { waited, plain: claim, enqueue, crowd, idleMb, parkedMb } = waiting;
  const extraMb = parkedMb === null || idleMb === null ? null : parkedMb - idleMb;
  return [
    plain('long poll: new task to waiting claimant, p50 / p99 ms', both(waited)),
    plain('a claim of a task that is there, p50 / p99 ms', both(claim)),
    plain('a new task alone (sent to answered), p50 / p99 ms', both(enqueue)),
    plain('long poll p50 against a plain claim', n(waited.p50 / claim.p50)),
    plain(`long poll with ${CROWD} waiters: new task to the one that gets it, p50 / p99 ms`, both(crowd)),
    atMost(`the same, p50 ms`, crowd.p50, 20),
    none(`tasks that more than one of ${CROWD} waiters got`, waiting.crowdDoubled),
    plain('resident MB: idle', n(idleMb, 0)),
    atMost(`resident MB: ${PARKED} waiting claims, above idle`, extraMb, 60, 0),
    none('waiting claims answered too early', waiting.answeredEarly),
  ];
}

export function cliFigures(cli: CliStart | null): Figure[] {
  if (cli === null) return [plain('CLI start', 'not built')];
  return [
    plain('node -e 0, ms', n(cli.nodeMs, 0)),
    atMost('CLI --version against node -e 0', cli.version, 1.5),
    atMost('CLI check against node -e 0', cli.check, 2.5),
  ];
}

export function outageFigures({ upP99, downP99, ratio }: Outage): Figure[] {
  return [
    plain('REST p99 with Discord up / down, ms', `${n(upP99)} / ${n(downP99)}`),
    atMost('REST p99: Discord down against up', ratio, 1.1),
  ];
}

export function memoryFigures({ tasks, residentMb, doubled }: Memory): Figure[] {
  return [
    atMost(`resident MB: after ${tasks} tasks`, residentMb, 120, 0),
    none(`of ${tasks} tasks, handed out twice`, doubled),
  ];
}

export function scaleFigures({ start, reads, claim, faults }: Scale, tasks: number): Figure[] {
  return [
    plain('start with a thousand finished tasks, ms', n(start.small, 0)),
    atMost(`start with ${tasks} finished tasks, ms`, start.large, 1000, 0),
    ...Object.entries(reads).map(([path, { largeMs, ratio }]) =>
      atMost(`GET ${path}: ${tasks} finished against a thousand (${n(largeMs)} ms)`, ratio, 1.5),
    ),
    atMost(`claim p50: ${tasks} pending against a thousand (${n(claim.largeMs)} ms)`, claim.ratio, 1.5),
    none('tasks handed out twice at this size', faults),
  ];
}

export function crewFigures(crew: Crew): Figure[] {
  const who = `${WORKERS} workers, ${PER_SECOND} messages/s each`;
  return [
    plain(`a listing before anybody works, p50 / p99 ms`, both(crew.idle)),
    plain(`the same beside ${who}, p50 / p99 ms`, both(crew.busy)),
    plain(`a claim among them, p50 / p99 ms`, both(crew.claim)),
    plain(`a batch of messages, p50 / p99 ms`, both(crew.batch)),
    plain(`messages taken in`, n(crew.messages, 0)),
    none(`tasks that more than one of ${WORKERS} workers got`, crew.doubled),
    plain(`resident MB with ${WORKERS} runs`, n(crew.residentMb, 0)),
    atMost(`requests to Discord in a second`, crew.discordPerSecond, 50, 1),
    none(`rules of Discord's that were broken`, crew.broken),
  ];
}

export function runFigures(all: readonly Runs[]): Figure[] {
  return all.flatMap(({ atOnce, toStart, toPushed, mbEach }) => {
    const who = plural(atOnce);
    return [
      plain(`${who}: claim to the start of the work, p50 / p99 ms`, both(toStart)),
      plain(`${who}: end of the work to the pushed branch, p50 / p99 ms`, both(toPushed)),
      plain(`${who}: MB of the worker more, for each`, n(mbEach, 1)),
    ];
  });
}

export function claudeFigures(found: ClaudeRuns | null): Figure[] {
  if (found === null) return [plain('a run of Claude Code', 'not installed (npm run test:agent does)')];
  const who = `${plural(found.atOnce)} of Claude Code`;
  return [
    plain(`${who}: claim to the first request for the model, median ms`, n(found.toAsked, 0)),
    plain(`${who}: MB of its processes, for each`, n(found.mbEach, 0)),
  ];
}

const plural = (runs: number) => (runs === 1 ? '1 run' : `${runs} runs at once`);

export function faultFigures(faults: Faults): Figure[] {
  return [
    none('acknowledged and not found, or the other way round', faults.lost),
    none('tasks handed out or finished twice', faults.doubled),
    none('tasks left in progress', faults.left),
  ];
}

export function peerTable(rows: readonly PeerRow[]): string {
  return toTable(
    ['claim and complete, 16 at once', 'cycles/s', 'against Athena', 'reached by', 'survives a power cut'],
    rows.map(({ label, rate, ratio, reachedBy, durability, missing }) =>
      missing === null
        ? [label, n(rate, 0), n(ratio), reachedBy, durability]
        : [label, 'n/a', 'n/a', reachedBy, missing],
    ),
  );
}
