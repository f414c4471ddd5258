/** What `work` says at its end, and that a closed terminal is an end in good order. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { git, makeRepository, startGitServer, type GitServer } from '../support/git-server.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { until } from '../support/worker/until.ts';
import { createWorkerMachine, type MachineOptions } from '../support/worker-machine.ts';

let server: RunningServer;
let host: GitServer;
let bare: string;
let folder: string;

beforeEach(async () => {
  folder = newFolder();
  server = await startServer({ folder });
  host = await startGitServer();
  bare = makeRepository(host.root, 'notes', { 'README.md': 'one\n' });
});

afterEach(async () => {
  await cleanUp();
  await host.close();
});

const machine = (more: Partial<MachineOptions> & { shell: string }) =>
  createWorkerMachine({ folder, name: 'lab', url: server.url, repo: host.urlOf('notes'), ...more });

it('says why it takes no task, where there may be one', async () => {
  await server.api.add('Wait', { project: 'notes' });
  const lab = machine({ shell: 'true' });
  const config = path.join(lab.home, 'worker.yaml');
  const yaml = fs.readFileSync(config, 'utf8');
  fs.writeFileSync(config, yaml.replace('min_free_disk_gb: 0', 'min_free_disk_gb: 100000000'));
  expect(await lab.once()).toMatchObject({
    code: 0,
    stdout: 'No task is taken: Less than 100000000 GB are free on the disk of the workspace.\n',
  });
  const { stdout } = await lab.start('--once', '--json').ended;
  expect(JSON.parse(stdout)).toMatchObject({
    task: null,
    reason: expect.stringContaining('GB are free') as string,
  });
});

it('prints no secret of its project, and marks what was given back', async () => {
  await server.api.add('Fail', { project: 'notes' });
  const secret = 'npm-secret-value-123456';
  const lab = machine({
    shell: 'echo "no $NPM_TOKEN" >&2; exit 1',
    project: ['env: {pass: [NPM_TOKEN]}'],
    env: { NPM_TOKEN: secret },
  });
  const failed = await lab.once();
  expect(failed).toMatchObject({ code: 1 });
  expect(failed.stdout + failed.stderr).toContain('[redacted]');
  expect(failed.stdout + failed.stderr).not.toContain(secret);

  await server.api.add('Not now', { project: 'notes' });
  const later = await createWorkerMachine({
    ...{ folder, name: 'other', url: server.url, repo: host.urlOf('notes'), shell: 'exit 75' },
  }).once();
  expect(later.stdout).toMatch(/^↩️ #2 Not now: /);
});

it('saves its work when its terminal is closed', async () => {
  await server.api.add('Take long', { project: 'notes' });
  const worker = machine({
    shell: 'echo half > half.txt; echo made; sleep 60',
    file: ['grace_minutes: 0'],
  }).start();
  await until(
    'its work',
    () => fs.readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('tree/half.txt')),
    60_000,
  );
  worker.signal('SIGHUP');
  expect(await worker.ended).toMatchObject({ code: 0 });
  expect(await server.api.get(1)).toMatchObject({ status: 'pending' });
  expect(git(bare, 'show', 'refs/athena/1/1:half.txt')).toBe('half');
});
