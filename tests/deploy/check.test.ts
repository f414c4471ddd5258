import { describe, expect, test } from 'vitest';
import { createReport, demand, SkipError } from '../../scripts/deploy-check/report.ts';
import { must, run } from '../../scripts/deploy-check/run.ts';
import { valuesOf } from '../../scripts/deploy-check/unit.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const kept = () => {
  const lines: string[] = [];
  return { lines, report: createReport((line) => lines.push(line)) };
};

describe('the report of deploy/check', () => {
  test('has one line for each check, with its reason, and counts them', async () => {
    const { lines, report } = kept();
    await report.check('a', () => 'fine');
    await report.check('b', () => {
      throw new Error('first line\n  and the second');
    });
    await report.check('c', () => {
      throw new SkipError('not here');
    });
    expect(report.close(false)).toBe(1);
    expect(lines).toEqual([
      'ok       a: fine',
      'failed   b: first line | and the second',
      'skipped  c: not here',
      '1 ok, 1 failed, 1 skipped',
    ]);
  });

  test('is content with skips, unless it is strict', () => {
    const { report } = kept();
    report.skip('containers', 'podman is not here');
    expect(report.close(false)).toBe(0);
    expect(report.close(true)).toBe(1);
  });

  test('fails on what is demanded and is not so', async () => {
    const { report } = kept();
    expect(
      await report.check('a', () => {
        demand([].length > 0, 'there must be one');
        return 'fine';
      }),
    ).toBe(false);
  });
});

describe('its commands', () => {
  test('end in time, together with what they started', async () => {
    const { code, stderr } = await run(['sh', '-c', 'sleep 60 & wait'], { timeoutMs: 300 });
    expect(code).not.toBe(0);
    expect(stderr).toContain('stopped after');
  });

  test('say what they said last when they fail', async () => {
    await expect(must(['sh', '-c', 'echo no disk >&2; exit 3'])).rejects.toThrow(/ended with 3: no disk/);
  });
});

test('a drop-in takes back what the unit said, as in systemd', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'athena-unit-'));
  try {
    const files = ['unit', 'drop-in'].map((name) => path.join(folder, name));
    writeFileSync(files[0]!, 'ExecStart=node a\nEnvironment=A=1\n');
    writeFileSync(files[1]!, 'ExecStart=\nExecStart=/opt/node b\nEnvironment=B=2\n');
    expect(valuesOf('ExecStart', files)).toEqual(['/opt/node b']);
    expect(valuesOf('Environment', files)).toEqual(['A=1', 'B=2']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
