/** The throughput part as people read it: each contender at each setting, and what was aimed at. */
import { CONTENDERS } from './contenders.ts';
import { median } from './numbers.ts';
import { atMost, n, plain, toTable, type Figure, type Row } from './table.ts';
import { CONNECTIONS, medianRatio, select, type Sample, type Setting } from './throughput.ts';

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
        ratio(`against ceiling 1: ${where}`, first, aims ? 1 : null),
        ratio(`against ceiling 2: ${where}`, second, aims ? 0.75 : null),
        plain(
          `processor time against ceiling 2: ${where}`,
          n(medianRatio(own, select(samples, 'ceiling 2', at(size, connections)), (s) => s.serverUs)),
        ),
        ...(other.length === 0
          ? []
          : [
              plain(`other build against athena: ${where}`, n(medianRatio(other, own))),
              plain(
                `other build's processor time against athena's: ${where}`,
                n(medianRatio(other, own, (s) => s.serverUs)),
              ),
            ]),
      ];
    }),
  );
  const [small = '', large = ''] = sizes;
  const growths = CONNECTIONS.flatMap((connections) =>
    (['athena', 'ceiling 2'] as const).map((who) => {
      const growth = medianRatio(
        select(samples, who, at(small, connections)),
        select(samples, who, at(large, connections)),
      );
      const what = `cost of a cycle at the larger size: ${connections} conn., ${who}`;
      return who === 'athena' ? atMost(what, growth, 1.1) : plain(what, n(growth));
    }),
  );
  return [...ratios, ...growths];
}

/** Higher is better here, unlike everywhere else. */
function ratio(what: string, value: number, least: number | null): Figure {
  if (least === null) return plain(what, n(value));
  return { what, value: n(value), aim: `>= ${least}`, good: value >= least };
}
