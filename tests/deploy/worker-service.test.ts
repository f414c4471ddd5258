import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkWorkerConfig } from '../../cli/worker/worker-config.ts';
import { isSecret, tokenName } from '../../cli/worker/secret-names.ts';
import { linesOf, read, root, settingsOf } from './files.ts';

const unit = linesOf(read('deploy/athena-worker.service'));
const valuesOf = (key: string) =>
  unit.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
const machine = { hostname: 'h', home: '/home', cores: 2, memoryBytes: 8e9, isRoot: false };

describe("the worker's systemd unit", () => {
  test.each([
    ['User', 'athena-worker'],
    ['ExecStart', 'claude-task-client work --config /etc/athena-worker/worker.yaml'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['StateDirectory', 'athena-worker'],
    ['UMask', '0077'],
    ['LimitCORE', '0'],
  ])('has %s=%s', (key, value) => {
    expect(valuesOf(key)).toEqual([value]);
  });

  test('lets a run have a control group and a sandbox of its own', () => {
    expect(valuesOf('Delegate')).toEqual(['yes']);
    expect(valuesOf('OOMPolicy')).toEqual(['continue']);
    expect(valuesOf('RestrictAddressFamilies')[0]!.split(' ')).toContain('AF_NETLINK');
    expect(valuesOf('SystemCallFilter')[0]!.split(' ')).toContain('@mount');
    // Each of these takes something away that control groups or bubblewrap need.
    const inTheWay =
      /^(ProtectControlGroups|RestrictNamespaces|ProtectKernel(Tunables|Logs)|ProtectHostname|ProtectProc|ProcSubset|MemoryDenyWriteExecute)=/;
    expect(unit.filter((line) => inTheWay.test(line))).toEqual([]);
  });

  test('keeps secrets out of files that a run could read', () => {
    expect(valuesOf('EnvironmentFile')).toEqual(['/etc/athena-worker/worker.env']);
    expect(unit.filter((line) => /^(Load|Set)Credential/.test(line))).toEqual([]);
    expect(valuesOf('Environment')).toEqual([]);
  });

  test('tells the worker alone to stop, and waits longer than it may take', () => {
    expect(valuesOf('KillMode')).toEqual(['mixed']);
    expect(valuesOf('SuccessExitStatus')).toEqual(['143']);
    const { settings } = checkWorkerConfig('projects: {a: {repo: /srv/a.git}}', '/w.yaml', machine);
    const stopMs = Number(/^(\d+)min$/.exec(valuesOf('TimeoutStopSec')[0]!)![1]) * 60_000;
    expect(stopMs).toBeGreaterThanOrEqual(settings!.graceMs + 3 * 60_000);
  });

  test('starts again for as long as it takes, but not with a wrong configuration or key', () => {
    expect(valuesOf('Restart')).toEqual(['on-failure']);
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2 4']);
    expect(valuesOf('StartLimitIntervalSec')).toEqual(['0']);
  });

  const analyze = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  const canJudge = Number(/systemd (\d+)/.exec(analyze.status === 0 ? analyze.stdout : '')?.[1] ?? 0) >= 250;
  if (!canJudge)
    console.warn('SKIPPED: the exposure of the worker (systemd-analyze 250 or newer is not here)');

  test.skipIf(!canJudge)('is exposed by at most 3.5 in the eyes of systemd-analyze', () => {
    const file = path.join(root, 'deploy/athena-worker.service');
    const args = ['security', '--offline=true', '--threshold=35', '--no-pager', file];
    const judged = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect(judged.stdout).toMatch(/Overall exposure level for athena-worker\.service: [0-3]\.\d/);
    expect(judged.status, judged.stderr).toBe(0);
  });
});

describe("the worker's samples", () => {
  test('worker.yaml is in order, and so it is with each line that is commented out', () => {
    const text = read('deploy/worker.yaml.example');
    for (const sample of [text, text.replaceAll(/^( *)#(\w+:)/gm, '$1$2')]) {
      const { problems, settings } = checkWorkerConfig(sample, '/etc/athena-worker/worker.yaml', machine);
      expect(problems).toEqual([]);
      expect(Object.keys(settings!.projects)).toEqual(['notes']);
    }
  });

  test('worker.env names every secret of the worker, and holds none', () => {
    const settings = settingsOf(read('deploy/worker.env.example'));
    const secrets = settings.filter(({ name }) => isSecret(name));
    expect(secrets.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'ATHENA_API_KEY',
        'ANTHROPIC_API_KEY',
        'CLAUDE_CODE_OAUTH_TOKEN',
        'ATHENA_GIT_TOKEN',
      ]),
    );
    for (const { isOff, value } of secrets) expect([isOff, value]).toEqual([true, '']);
    expect(read('deploy/worker.env.example')).toContain(`${tokenName('notes')} for the project notes`);
  });
});
