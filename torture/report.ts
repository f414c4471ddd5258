/** What a run says at its end. */
import { groupBy } from './oracle/history.ts';
import type { Op } from './journal.ts';
import type { Run } from './run.ts';

const OUTCOMES = ['acknowledged', 'refused', 'unknown'] as const;
const SHOWN = 40;

export function report(run: Run): string {
  const { options, seconds, world, verdict, used } = run;
  const { faults, journal } = world;
  const count = (start: string) => verdict.findings.filter((finding) => finding.startsWith(start)).length;
  const other = verdict.findings.length - count('lost') - count('doubled') - count('missing');
  return [
    '',
    `Torture run: seed ${options.seed}, ${options.minutes} min (${Math.round(seconds)} s with start, calm and judgement)`,
    '',
    `Kills (SIGKILL)       ${faults.of('server killed') + faults.of('client killed')}: server ${faults.of('server killed')}, clients ${faults.of('client killed')}`,
    `Stops (SIGSTOP)       ${faults.of('server stopped') + faults.of('client stopped')}: server ${faults.of('server stopped')}, clients ${faults.of('client stopped')}`,
    `Server starts         ${startsOf(run)}`,
    'Faults',
    ...faults.entries().map(([name, times]) => `  ${name.padEnd(32)} ${times}`),
    '',
    ...operations(journal.ops),
    '',
    `Tasks ${verdict.tasks}, leases ${verdict.leases}, events ${verdict.events}; messages delivered ${verdict.delivered}`,
    `Server at most ${used.residentMb.toFixed(0)} MB and ${used.files} files; at the end ${used.last.residentMb.toFixed(0)} MB and ${used.last.files} files`,
    `Discord's rules broken ${count('Discord')} (and ${verdict.excused} answers that a fault made late)`,
    `Losses ${count('lost') + count('missing')}, doubles ${count('doubled')}, other findings ${other}`,
    ...verdict.findings.slice(0, SHOWN).map((finding) => `  ✗ ${finding}`),
    ...(verdict.findings.length > SHOWN
      ? [`  … and ${verdict.findings.length - SHOWN} more in the journal`]
      : []),
    ...(verdict.findings.length === 0 ? ['Nothing lost, nothing doubled.'] : advice(run)),
    '',
  ].join('\n');
}

function startsOf({ world }: Run): string {
  const { starts } = world.keeper;
  const sorted = [...starts].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? Number.NaN;
  return `${starts.length}, half of them within ${median.toFixed(0)} ms`;
}

function operations(ops: readonly Op[]): string[] {
  const rows = [...groupBy(ops, ({ via, kind }) => `${via} ${kind}`)].sort(([a], [b]) => (a < b ? -1 : 1));
  const head = ['Operations', ...OUTCOMES];
  const line = (cells: readonly (string | number)[]) =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(22) : String(cell).padStart(13))).join('');
  const counts = (of: readonly Op[]) =>
    OUTCOMES.map((outcome) => of.filter((op) => op.outcome === outcome).length);
  return [
    line(head),
    ...rows.map(([name, of]) => line([name, ...counts(of)])),
    line(['together', ...counts(ops)]),
  ];
}

function advice({ options, world }: Run): string[] {
  const disk = options.disk === null ? '' : ` --disk ${options.disk}`;
  const without = options.without.length > 0 ? ` --without ${options.without.join(',')}` : '';
  return [
    `Journal and database are kept: ${world.journal.file}, ${world.database}`,
    `Again with the same choices: npm run torture -- --minutes ${options.minutes} --seed ${options.seed}${disk}${without}`,
  ];
}
