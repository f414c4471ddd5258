import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { root } from './files.ts';

/** Runs the step with an npm that answers this, and nothing else. */
function audit(answer: string, code = 0) {
  const bin = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-audit-'));
  onTestFinished(() => {
    fs.rmSync(bin, { recursive: true });
  });
  fs.writeFileSync(path.join(bin, 'answer'), answer);
  fs.writeFileSync(path.join(bin, 'npm'), `#!/bin/sh\ncat "${bin}/answer"\nexit ${code}\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${path.dirname(process.execPath)}:/usr/bin:/bin` };
  const { status, stdout } = spawnSync(path.join(root, '.ci/audit'), { env, encoding: 'utf8' });
  return { status, stdout };
}

const found = (counts: object, vulnerabilities: object = {}) =>
  JSON.stringify({ vulnerabilities, metadata: { vulnerabilities: counts } });

describe('the check of dependencies', () => {
  test('passes without holes, and with small ones, which it names', () => {
    expect(audit(found({ high: 0, critical: 0, total: 0 }))).toMatchObject({ status: 0 });
    const small = found(
      { moderate: 1, high: 0, critical: 0, total: 1 },
      { some: { severity: 'moderate', range: '<2' } },
    );
    expect(audit(small, 1)).toEqual({
      status: 0,
      stdout: 'moderate: some <2\n1 known holes, 0 of them high or critical\n',
    });
  });

  test.each(['high', 'critical'])('fails for a %s one', (severity) => {
    const report = found({ [severity]: 1, total: 1 }, { some: { severity, range: '*' } });
    expect(audit(report, 1)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(`${severity}: some`) as string,
    });
  });

  test.each([
    ['has no such list', '{"message":"405 Method Not Allowed","statusCode":405}'],
    ['cannot be reached', '{"error":{"code":"EAI_AGAIN","summary":"request failed"}}'],
    ['answers nonsense', '<html>'],
    ['says nothing', ''],
  ])('is skipped loudly where the registry %s', (_what, answer) => {
    expect(audit(answer, 1)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^SKIPPED: /) as string,
    });
  });
});
