/** The systemd unit: read by systemd itself, and its command started by hand in the nearest environment. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lab.ts';
import { demand, type Report, SkipError } from './report.ts';
import { has, must, run } from './run.ts';

const UNIT = path.join(root, 'deploy/athena.service');

export async function checkUnit(report: Report): Promise<void> {
  await report.check('systemd-analyze verify', () => {
    // The unit names no path for node; systemd looks for it in these folders only.
    const isFound = ['/usr/local/bin/node', '/usr/bin/node'].some((file) => existsSync(file));
    if (!isFound) throw new SkipError('node is neither in /usr/local/bin nor in /usr/bin');
    return verifyUnit(UNIT);
  });
  await report.check('systemd-analyze security', async () => {
    needAnalyze();
    const args = ['security', '--offline=true', '--threshold=20', '--no-pager', UNIT];
    const text = await must(['systemd-analyze', ...args]);
    return /Overall exposure level[^:]*: (\d+\.\d+)/.exec(text)?.[1] ?? 'at most 2.0';
  });
  const reason = existsSync('/run/systemd/system')
    ? 'not done on a machine in use; its command is started by hand below, without the unit'
    : 'systemd does not run here; its command is started by hand below, without its sandbox';
  report.skip('the unit started by systemd', reason);
}

/** Complaints about this unit are failures; those about others on this machine are not ours. */
export async function verifyUnit(unit: string): Promise<string> {
  needAnalyze();
  const { code, stdout, stderr } = await run(['systemd-analyze', 'verify', '--man=no', unit]);
  const about = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('athena'));
  demand(about.length === 0, about.join(' '));
  demand(code === 0, stderr);
  return 'nothing to complain about';
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
