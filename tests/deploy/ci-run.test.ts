import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { root } from './files.ts';

/** Runs the whole check in a folder of its own, with an npm that only says this for each of its scripts. */
function check(says: Readonly<Record<string, string>>, fails = 'nothing') {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-ci-'));
  onTestFinished(() => {
    fs.rmSync(folder, { recursive: true });
  });
  const write = (file: string, lines: readonly string[]) => {
    const at = path.join(folder, file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, `#!/bin/bash\n${lines.join('\n')}\n`, { mode: 0o755 });
  };
  fs.mkdirSync(path.join(folder, '.ci'));
  fs.copyFileSync(path.join(root, '.ci/run'), path.join(folder, '.ci/run'));
  write('.ci/audit', ['true']);
  write('deploy/check', ['true']);
  // Else it would install programs where it runs as root.
  for (const program of ['ansible-playbook', 'caddy', 'nginx']) write(`bin/${program}`, ['true']);
  const answers = Object.entries(says).map(([words, text]) => `[ "$*" = "${words}" ] && echo "${text}"`);
  write('bin/npm', [...answers, `[ "$*" != "${fails}" ]`]);
  const env = { PATH: `${folder}/bin:/usr/bin:/bin`, TMPDIR: folder };
  const { status, stdout } = spawnSync('bash', [path.join(folder, '.ci/run')], { env, encoding: 'utf8' });
  return { status, last: stdout.trimEnd().split('\n').at(-1), stdout };
}

describe('the last line of the whole check', () => {
  test('counts the tests of all steps together', () => {
    const says = { test: '120 passed, 0 failed, 2 skipped', 'run test:agent': '29 passed, 0 failed' };
    expect(check(says)).toMatchObject({ status: 0, last: '149 passed, 0 failed, 2 skipped' });
  });

  test('counts as skipped what could not be installed', () => {
    const says = { test: '120 passed, 0 failed', 'run test:agent': '0 passed, 0 failed, 29 skipped' };
    expect(check(says)).toMatchObject({ status: 0, last: '120 passed, 0 failed, 29 skipped' });
  });

  test('is there when tests fail, too', () => {
    const says = { test: '120 passed, 0 failed', 'run test:agent': '28 passed, 1 failed' };
    expect(check(says, 'run test:agent')).toMatchObject({ status: 1, last: '148 passed, 1 failed' });
  });

  test('never says that nothing failed when a step did, and names the step', () => {
    const says = { test: '120 passed, 0 failed', 'run test:agent': '29 passed, 0 failed' };
    const found = check(says, 'run check');
    expect(found).toMatchObject({ status: 1, last: '149 passed, 1 failed' });
    expect(found.stdout).toContain('ended with 1 in the step: npm run check');
  });

  test('does not count twice what is run twice', () => {
    const says = { test: '120 passed, 0 failed', 'run check': '100 passed, 0 failed' };
    expect(check(says).last).toBe('120 passed, 0 failed');
  });
});
