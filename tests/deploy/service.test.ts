import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../src/config.ts';
import { linesOf, read, root } from './files.ts';

const unit = linesOf(read('deploy/athena.service'));
const valuesOf = (key: string) =>
  unit.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));

describe('the systemd unit', () => {
  test.each([
    ['User', 'athena'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['StateDirectory', 'athena'],
    ['UMask', '0077'],
    ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
    ['EnvironmentFile', '-/etc/athena/athena.env'],
  ])('has %s=%s', (key, value) => {
    expect(valuesOf(key)).toEqual([value]);
  });

  test('starts again after a crash, never after a configuration error', () => {
    expect(valuesOf('Restart')).toEqual(['on-failure']);
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2']);
    expect(Number(valuesOf('StartLimitBurst')[0])).toBeGreaterThan(0);
  });

  test('waits longer for the end than the ten seconds that the server may take', () => {
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThan(10);
  });

  test('does not forbid what V8 needs', () => {
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
  });

  test('sets only variables that the server knows', () => {
    const names = valuesOf('Environment').map((pair) => pair.split('=')[0]!);
    expect(names.filter((name) => name !== 'NODE_ENV' && !VARIABLES.includes(name))).toEqual([]);
    expect(valuesOf('Environment')).toContain('DB_PATH=/var/lib/athena/tasks.db');
  });

  const analyze = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  const canJudge = Number(/systemd (\d+)/.exec(analyze.status === 0 ? analyze.stdout : '')?.[1] ?? 0) >= 250;
  if (!canJudge) console.warn('SKIPPED: the exposure of the unit (systemd-analyze 250 or newer is not here)');

  test.skipIf(!canJudge)('is exposed by at most 2.0 in the eyes of systemd-analyze', () => {
    const file = path.join(root, 'deploy/athena.service');
    const args = ['security', '--offline=true', '--threshold=20', '--no-pager', file];
    const judged = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect(judged.stdout).toMatch(/Overall exposure level for athena\.service: [01]\.\d|2\.0/);
    expect(judged.status, judged.stderr).toBe(0);
  });
});
