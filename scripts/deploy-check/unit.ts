/** The systemd units, read by systemd itself. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lab.ts';
import { demand, type Report, SkipError } from './report.ts';
import { has, must, run } from './run.ts';

const UNITS = [
  { name: 'athena.service', program: 'node', threshold: 20 },
  // A run may be anything that a developer does, sandboxes included: it needs more than a server.
  { name: 'athena-worker.service', program: 'claude-task-client', threshold: 35 },
];

export async function checkUnit(report: Report): Promise<void> {
  for (const { name, program, threshold } of UNITS) {
    const file = path.join(root, 'deploy', name);
    await report.check(`systemd-analyze verify ${name}`, () => verifyUnit(file, program));
    await report.check(`systemd-analyze security ${name}`, () => judgeUnit(file, threshold));
  }
}

/**
 * Complaints about this unit are failures; those about others on this machine are not ours. A program that the unit
 * names without a path is looked for in systemd's folders, and this machine need not have it.
 */
export async function verifyUnit(unit: string, program?: string): Promise<string> {
  needAnalyze();
  const { code, stdout, stderr } = await run(['systemd-analyze', 'verify', '--man=no', unit]);
  const isMissing = (line: string) =>
    program !== undefined && line.includes(`Command ${program} is not executable`);
  const about = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.includes('athena') && !isMissing(line));
  demand(about.length === 0, about.join(' '));
  demand(code === 0 || program !== undefined, stderr);
  return 'nothing to complain about';
}

async function judgeUnit(file: string, threshold: number): Promise<string> {
  needAnalyze();
  const args = ['security', '--offline=true', `--threshold=${threshold}`, '--no-pager', file];
  const text = await must(['systemd-analyze', ...args]);
  return /Overall exposure level[^:]*: (\d+\.\d+)/.exec(text)?.[1] ?? `at most ${threshold / 10}`;
}

function needAnalyze(): void {
  if (!has('systemd-analyze')) throw new SkipError('systemd-analyze is not here');
}

/** The values of one key, drop-ins last; an empty value takes back what stood before, as in systemd. */
export function valuesOf(key: string, files: readonly string[]): string[] {
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  const all = lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  return all.slice(all.lastIndexOf('') + 1);
}
