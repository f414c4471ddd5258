/** Figures as people read them: what was measured, beside what was aimed at. */
import type { CliStart } from './cli-start.ts';
import { CONTENDERS } from './contenders.ts';
import { median } from './numbers.ts';
import { CONNECTIONS, medianRatio, select, type Faults, type Sample, type Setting } from './throughput.ts';
import { PARKED, type Waiting } from './waiting.ts';

type Row = readonly string[];

function toTable(head: Row, rows: readonly Row[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: Row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

const n = (value: number | null, digits = 2) =>
  value === null || Number.isNaN(value) ? 'n/a' : value.toFixed(digits);

/** Every contender at every setting, medians over the rounds. */
export function throughputTable(samples: readonly Sample[], sizes: readonly string[]): string {
  const settings = sizes.flatMap((size) => CONNECTIONS.map((connections) => ({ size, connections })));
  const rows = settings.flatMap((at) =>
    CONTENDERS.map((contender) => ({ contender, own: select(samples, contender, at) }))
      .filter(({ own }) => own.length > 0)
      .map(({ contender, own }) => rowOf(contender, at, own)),
  );
  return toTable(
    ['', 'cycles/s', 'claim p50', 'p99 ms', 'complete p50', 'p99 ms', 'server us', 'client us'],
    rows,
  );
}

function rowOf(contender: string, at: Setting, own: readonly Sample[]): Row {
  const of = (pick: (sample: Sample) => number, digits: number) => n(median(own.map(pick)), digits);
  return [
    `${at.size}, ${at.connections} conn.: ${contender}`,
    of((s) => s.rate, 0),
    of((s) => s.claim.p50, 2),
    of((s) => s.claim.p99, 1),
    of((s) => s.complete.p50, 2),
    of((s) => s.complete.p99, 1),
    of((s) => s.serverUs ?? Number.NaN, 0),
    of((s) => s.clientUs, 0),
  ];
}

/** A figure and its aim; `good` is null where nothing was aimed at. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly aim: string;
  readonly good: boolean | null;
}

export function throughputFigures(samples: readonly Sample[], sizes: readonly string[]): Figure[] {
  const at = (size: string, connections: Setting['connections']) => ({ size, connections });
  const ratios = sizes.flatMap((size) =>
    CONNECTIONS.flatMap((connections) => {
      const own = select(samples, 'athena', at(size, connections));
      const other = select(samples, 'other build', at(size, connections));
      const first = medianRatio(own, select(samples, 'ceiling 1', at(size, connections)));
      const second = medianRatio(own, select(samples, 'ceiling 2', at(size, connections)));
      const aims = connections >= 16;
      const where = `${size}, ${connections} conn.`;
      return [
        figure(`against ceiling 1: ${where}`, first, aims ? { text: '> 1', good: first > 1 } : null),
        figure(
          `against ceiling 2: ${where}`,
          second,
          aims ? { text: '>= 0.65', good: second >= 0.65 } : null,
        ),
        figure(
          `processor time against ceiling 2: ${where}`,
          medianRatio(own, select(samples, 'ceiling 2', at(size, connections)), (s) => s.serverUs),
          null,
        ),
        ...(other.length === 0
          ? []
          : [
              figure(`other build against athena: ${where}`, medianRatio(other, own), null),
              figure(
                `other build's processor time against athena's: ${where}`,
                medianRatio(other, own, (s) => s.serverUs),
                null,
              ),
            ]),
      ];
    }),
  );
  const [small = '', large = ''] = sizes;
  const growth = CONNECTIONS.flatMap((connections) =>
    (['athena', 'ceiling 2'] as const).map((who) => {
      const ratio = medianRatio(
        select(samples, who, at(small, connections)),
        select(samples, who, at(large, connections)),
      );
      const aim = who === 'athena' ? { text: '<= 1.1', good: ratio <= 1.1 } : null;
      return figure(`cost of a cycle at the larger size: ${connections} conn., ${who}`, ratio, aim);
    }),
  );
  return [...ratios, ...growth];
}

function figure(what: string, value: number, aim: { text: string; good: boolean } | null): Figure {
  return { what, value: n(value), aim: aim?.text ?? '', good: aim?.good ?? null };
}

export function waitingFigures(waiting: Waiting, loadedMb: number | null): Figure[] {
  const { waited, plain, enqueue, idleMb, parkedMb } = waiting;
  const plainFigure = (what: string, value: string): Figure => ({ what, value, aim: '', good: null });
  const both = ({ p50, p99 }: { p50: number; p99: number }) => `${n(p50)} / ${n(p99)}`;
  const each = parkedMb === null || idleMb === null ? null : ((parkedMb - idleMb) * 1024) / PARKED;
  return [
    plainFigure('long poll: new task to waiting claimant, p50 / p99 ms', both(waited)),
    plainFigure('a claim of a task that is there, p50 / p99 ms', both(plain)),
    plainFigure('a new task alone (sent to answered), p50 / p99 ms', both(enqueue)),
    plainFigure('long poll p50 against a plain claim', n(waited.p50 / plain.p50)),
    plainFigure('resident MB: idle', n(idleMb, 0)),
    plainFigure('resident MB: after the load', n(loadedMb, 0)),
    plainFigure(`resident MB: with ${PARKED} waiting claims (kB each)`, `${n(parkedMb, 0)} (${n(each, 0)})`),
  ];
}

export function cliFigures(cli: CliStart | null): Figure[] {
  if (cli === null) return [{ what: 'CLI start', value: 'not built', aim: '', good: null }];
  return [
    { what: 'node -e 0, ms', value: n(cli.nodeMs, 0), aim: '', good: null },
    figure('CLI --version against node -e 0', cli.version, { text: '<= 1.5', good: cli.version <= 1.5 }),
    figure('CLI check against node -e 0', cli.check, { text: '<= 2.5', good: cli.check <= 2.5 }),
  ];
}

export function faultFigures(faults: Faults, answeredEarly: number): Figure[] {
  const none = (what: string, value: number): Figure => ({
    what,
    value: String(value),
    aim: '0',
    good: value === 0,
  });
  return [
    none('acknowledged and not found, or the other way round', faults.lost),
    none('tasks handed out or finished twice', faults.doubled),
    none('tasks left in progress', faults.left),
    none('waiting claims answered too early', answeredEarly),
  ];
}

export function figureTable(figures: readonly Figure[]): string {
  return toTable(
    ['', 'figure', 'aim', ''],
    figures.map(({ what, value, aim, good }) => [
      what,
      value,
      aim,
      good === false ? 'SHORT' : good ? 'ok' : '',
    ]),
  );
}
