/**
 * Both units, started by systemd itself with the whole of their sandbox: this machine's systemd, booted a second time
 * in namespaces over a read-only view of the machine.
 */
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import type { Watched } from './booted/watch.ts';
import { isRoot, root, type Lab } from './lab.ts';
import { demand, type Report, SkipError } from './report.ts';
import { endGroup, has, run } from './run.ts';

const here = (name: string) => path.join(import.meta.dirname, name);

export async function checkBooted(report: Report, lab: Lab): Promise<void> {
  const held: { watched?: Watched } = {};
  await report.check('systemd boots in namespaces of its own', async () => {
    needs();
    held.watched = await boot(lab);
    return 'this machine, read-only, with both units as they are';
  });
  const { watched } = held;
  if (!watched) return;
  await report.check('athena.service, started by systemd', () => {
    demand(watched.health.includes('"healthy"'), `/health: ${watched.health} ${watched.log.slice(-600)}`);
    demandEnd(watched.server, 0);
    demand(watched.server.tookMs < 10_000, `it took ${watched.server.tookMs} ms to stop`);
    return `healthy in its sandbox; stopped with 0 after ${watched.server.tookMs} ms`;
  });
  await report.check('athena-worker.service, started by systemd', () => {
    const { probed, isLeftAlive, tasks, log } = watched;
    demand(probed !== null, `no run: tasks ${tasks.join()}, ${log.slice(-600)}`);
    demand(probed.wrong.length === 0, probed.wrong.join('; '));
    demand(!isLeftAlive, 'what a run left behind outlived it');
    demand(tasks[0] === 'completed', `the first task is ${tasks[0]!}: ${log.slice(-600)}`);
    const sandbox = has('bwrap') ? 'bubblewrap starts' : 'bubblewrap is not here';
    return `a task done in a control group that is empty afterwards; ${sandbox}; no key in reach`;
  });
  await report.check('athena-worker.service, stopped while it works', () => {
    const { worker, tasks, log } = watched;
    demandEnd(worker, 0);
    demand(worker.tookMs < 10_000, `it took ${worker.tookMs} ms to stop`);
    demand(tasks[1] === 'pending', `the second task is ${tasks[1]!}: ${log.slice(-600)}`);
    return `after ${worker.tookMs} ms, with the task released`;
  });
}

function demandEnd({ state }: { state: string }, code: number): void {
  const wanted = `ActiveState=inactive ExecMainStatus=${code} Result=success`;
  demand(state === wanted, `after the stop: ${state}`);
}

function needs(): void {
  if (!isRoot) throw new SkipError('it needs root');
  for (const program of ['systemctl', 'unshare', 'useradd'])
    if (!has(program)) throw new SkipError(`${program} is not here`);
  if (!['/usr/local/bin/node', '/usr/bin/node'].some((file) => existsSync(file)))
    throw new SkipError('node is neither in /usr/local/bin nor in /usr/bin');
  if (!existsSync(path.join(root, 'dist/main.js'))) throw new SkipError('it needs a server: npm run build');
  if (!/ cgroup2 /.test(readFileSync('/proc/self/mounts', 'utf8')))
    throw new SkipError('there are no control groups of version 2 here');
}

async function boot(lab: Lab): Promise<Watched> {
  const folder = lab.room('booted');
  copyFileSync(here('booted/prepare'), path.join(folder, 'prepare'));
  for (const name of ['probe', 'watch']) await bundle(name, path.join(folder, `${name}.mjs`));
  const child = spawn(here('boot-systemd'), [folder, root], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)));
  const end = () => endAll(child.pid, folder);
  lab.undo(end);
  const result = path.join(folder, 'watched');
  const deadline = Date.now() + 120_000;
  while (!existsSync(result)) {
    if (child.exitCode !== null)
      throw new SkipError(`this kernel does not let it: ${said.join('').slice(-400)}`);
    const isLate = Date.now() > deadline;
    const last = said.join('').slice(-400);
    // Where a container of its own forbids what systemd does, that says nothing about the units.
    if (isLate && !existsSync(path.join(folder, 'begun')))
      throw new SkipError(`systemd does not get going: ${last}`);
    demand(!isLate, `nothing after two minutes: ${last}`);
    await pause(250);
  }
  const watched = JSON.parse(readFileSync(result, 'utf8')) as Watched;
  await end();
  return watched;
}

async function bundle(name: string, outfile: string): Promise<void> {
  const banner = { js: '#!/usr/bin/env node' };
  const entry = here(`booted/${name}.ts`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner,
    logLevel: 'error',
  });
  chmodSync(outfile, 0o755);
}

/** With the first process of the namespaces all others end; their control group goes when it is empty. */
async function endAll(pid: number | undefined, folder: string): Promise<void> {
  endGroup(pid);
  const note = path.join(folder, 'group');
  if (!existsSync(note)) return;
  const group = readFileSync(note, 'utf8').trim();
  for (let tries = 0; tries < 20 && existsSync(group); tries += 1) {
    await run(['find', group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']);
    await pause(100);
  }
}
