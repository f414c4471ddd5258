import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRunGroup } from '../../../cli/worker/cgroup.ts';
import { createGit } from '../../../cli/worker/git.ts';
import { readProcesses } from '../../../cli/worker/process-table.ts';
import { createSweeper, MARK_VARIABLE, type SweepDeps } from '../../../cli/worker/process-sweep.ts';
import { runSetup } from '../../../cli/worker/setup-command.ts';
import { pidIn } from '../../support/worker/until.ts';

let folder: string;
let mark: string;
let strays: number[];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-sweep-'));
  mark = randomBytes(8).toString('hex');
  strays = [];
});
afterEach(() => {
  for (const pid of strays) kill(pid);
  fs.rmSync(folder, { recursive: true, force: true });
});

const deps: SweepDeps = {
  platform: process.platform,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  elapsed: () => performance.now(),
};
const withoutGroups: SweepDeps = { ...deps, group: () => undefined };

/** Prints its own number and that of everything it starts, one on a line, then "ready". */
async function start(
  script: string,
  more: { cwd?: string; env?: Record<string, string> } = {},
): Promise<ChildProcess> {
  const child = spawn('/bin/sh', ['-c', `echo $$; ${script}; echo ready; sleep 60`], {
    cwd: more.cwd ?? '/',
    env: { PATH: '/usr/bin:/bin', ...more.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    said += chunk.toString();
    if (said.includes('ready')) break;
  }
  strays.push(...(said.match(/\d+/g) ?? []).map(Number));
  return child;
}

/** With its group, where it leads one: the last command of a script says no number. */
function kill(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // It is gone, as it should be.
    }
  }
}

function isThere(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false;
  }
}

const ESCAPES: [string, string][] = [
  ['in the background', 'sleep 60 & echo $!'],
  ['in a session of its own', 'setsid sleep 60 & echo $!'],
  ['with an empty environment, in a session of its own', `env -i /usr/bin/setsid sleep 60 & echo $!`],
  ['deaf to SIGTERM', `sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & sleep 0.2`],
  ['orphaned twice', `setsid sh -c 'setsid sleep 60 & echo $!'`],
];

describe.runIf(process.platform === 'linux')('after a run', () => {
  it.each(ESCAPES)('nothing lives that was left %s', async (_how, script) => {
    const child = await start(script, { cwd: folder, env: { [MARK_VARIABLE]: mark } });
    expect(strays.length).toBeGreaterThan(1);
    const sweeper = createSweeper({ mark, folder }, withoutGroups);
    sweeper.add(child.pid!);
    await sweeper.look();
    expect(await sweeper.sweep({ graceMs: 200 })).toEqual({ living: [] });
    expect(strays.filter(isThere)).toEqual([]);
  });

  it('a worker that comes later finds it by the mark, and by the folder', async () => {
    await start('sleep 60 & echo $!', { env: { [MARK_VARIABLE]: mark } });
    await start('sleep 60 & echo $!', { cwd: folder });
    expect(await createSweeper({ mark, folder }, withoutGroups).sweep({ graceMs: 200 })).toEqual({
      living: [],
    });
    expect(strays.filter(isThere)).toEqual([]);
  });

  it('a descendant that was seen while the run went on is found with no sign left', async () => {
    const child = await start('sleep 60 & echo $!; setsid sleep 61 & echo $!');
    const sweeper = createSweeper({ mark, folder }, withoutGroups);
    sweeper.add(child.pid!);
    await sweeper.look();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await sweeper.sweep({ graceMs: 200 })).toEqual({ living: [] });
    expect(strays.filter(isThere)).toEqual([]);
  });

  it('everything else goes on living, this process and its other children included', async () => {
    const other = await start('sleep 60 & echo $!', { env: { [MARK_VARIABLE]: `${mark}0` } });
    const others = [...strays];
    const inside = createSweeper({ mark, folder: path.dirname(process.cwd()) }, withoutGroups);
    expect((await readProcesses('linux')).has(process.pid)).toBe(true);
    await inside.look();
    expect(await createSweeper({ mark, folder }, withoutGroups).sweep()).toEqual({ living: [] });
    expect(others.every(isThere)).toBe(true);
    expect(other.exitCode).toBeNull();
  });

  it('what cannot be ended in time is named', async () => {
    const child = await start(`trap "" TERM`, { env: { [MARK_VARIABLE]: mark } });
    const living = await createSweeper({ mark, folder }, withoutGroups).sweep({
      graceMs: 60_000,
      patienceMs: 100,
    });
    expect(living.living).toContain(child.pid);
  });

  const probe = openRunGroup(`probe-${process.pid}`);
  probe?.remove();
  it.runIf(probe !== undefined)('its control group holds it, whatever it does', async () => {
    const child = await start('sleep 60 & echo $!');

    const sweeper = createSweeper({ mark, folder }, deps);
    sweeper.add(child.pid!);
    const group = openRunGroup(mark)!;
    expect(group.pids()).toContain(child.pid);
    expect(await sweeper.sweep({ graceMs: 100 })).toEqual({ living: [] });
    expect(group.pids()).toEqual([]);
    expect(strays.filter(isThere)).toEqual([]);
  });
});

describe('a setup command', () => {
  const setup = (command: string, more: object = {}) => {
    const at = (name: string) => path.join(folder, name);
    const folders = { tree: folder, home: at('home'), temp: at('temp'), config: at('config') };
    const env = { PATH: '/usr/bin:/bin', HOME: folders.home };
    return runSetup({ command, folders, env, timeoutMs: 20_000, ...more });
  };

  it('runs in the tree, with the environment of the run and nothing else', async () => {
    expect(await setup('env > env.txt; pwd > pwd.txt')).toEqual({ kind: 'done' });
    const env = fs.readFileSync(path.join(folder, 'env.txt'), 'utf8');
    expect(
      env
        .match(/^\w+(?==)/gm)
        ?.filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name))
        .sort(),
    ).toEqual(['HOME', 'PATH']);
    expect(fs.readFileSync(path.join(folder, 'pwd.txt'), 'utf8').trim()).toBe(fs.realpathSync(folder));
  });

  it('says how it failed', async () => {
    expect(await setup('echo no such thing >&2; exit 3')).toEqual({
      kind: 'failed',
      detail: 'The setup command ended with exit code 3:\nno such thing',
    });
  });

  it('is ended with all that it started when it takes too long, or is told to', async () => {
    const told = path.join(folder, 'pids');
    const late = await setup(`sleep 60 & echo $! >> ${told}; echo $$ >> ${told}; wait`, { timeoutMs: 300 });
    expect(late).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('took longer than') as string,
    });
    const abort = new AbortController();
    const stopped = setup(`echo $$ >> ${told}; sleep 60`, { signal: abort.signal });
    const pids = () => fs.readFileSync(told, 'utf8').match(/\d+\n/g) ?? [];
    await expect.poll(pids, { timeout: 5000 }).toHaveLength(3);
    abort.abort();
    expect(await stopped).toEqual({ kind: 'stopped' });
    strays.push(...pids().map(Number));
    expect(strays).toHaveLength(3);
    await expect.poll(() => strays.filter(isThere), { timeout: 5000 }).toEqual([]);
  });
});

describe('the git of the worker itself, in the folder of a run', () => {
  /** Goes into the run's tree as git does, with a helper that has left its group. */
  async function slowGit(): Promise<{ ended: Promise<string> }> {
    const program = path.join(folder, 'git');
    const helper = 'setsid sleep 1 & wait; echo whole';
    fs.writeFileSync(program, `#!/bin/sh\ncd "$GIT_WORK_TREE"; echo $$ > pid; ${helper}\n`, { mode: 0o755 });
    const git = createGit({ searchPath: '/usr/bin:/bin', program });
    const ended = git.run([], { gitDir: '/nonexistent', workTree: folder }).then(({ text }) => text);
    await pidIn(path.join(folder, 'pid'));
    return { ended };
  }

  it('is left alone, with all that it started', async () => {
    const { ended } = await slowGit();
    const sweeper = createSweeper({ mark, folder }, withoutGroups);
    expect(await sweeper.sweep({ graceMs: 0, patienceMs: 500 })).toEqual({ living: [] });
    expect(await ended).toBe('whole');
  });

  it('hides nothing of the run', async () => {
    const { ended } = await slowGit();
    const child = await start('sleep 60 & echo $!', { cwd: folder, env: { GIT_DIR: '/nonexistent' } });
    const sweeper = createSweeper({ mark, folder }, withoutGroups);
    expect(await sweeper.sweep({ graceMs: 0 })).toEqual({ living: [] });
    expect(isThere(child.pid!)).toBe(false);
    expect(await ended).toBe('whole');
  });
});
