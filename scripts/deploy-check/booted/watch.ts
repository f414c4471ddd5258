/**
 * Runs beside the units in the booted system, as root: has two tasks done, stops worker and server while the second one
 * is at work, and notes what it and systemd say.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Probed } from './probe.ts';

export interface Stopped {
  /** `Result`, `ExecMainStatus` and `ActiveState` after the stop. */
  readonly state: string;
  readonly tookMs: number;
}

export interface Watched {
  readonly health: string;
  readonly server: Stopped;
  readonly worker: Stopped;
  /** What the first task's run found; null: it did not get that far. */
  readonly probed: Probed | null;
  readonly isLeftAlive: boolean;
  /** The status of each task in the end. */
  readonly tasks: string[];
  readonly log: string;
}

const PROBED = '/var/lib/athena-worker/probed';
const CLIENT = '/usr/local/bin/claude-task-client';

/** For so long; then the last answer is the answer. */
async function wait<T>(ask: () => T | Promise<T>, isDone: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 40_000;
  for (;;) {
    const answer = await ask();
    if (isDone(answer) || Date.now() > deadline) return answer;
    await pause(250);
  }
}

function client(...args: string[]): { id: number; status: string } {
  const env = {
    ...process.env,
    HOME: '/tmp',
    ATHENA_API_URL: 'http://127.0.0.1:5051',
    ATHENA_API_KEY: 'key-of-the-lab',
    CLAUDE_INSTANCE: 'watcher',
  };
  const text = execFileSync(CLIENT, [...args, '--json'], { env, encoding: 'utf8' });
  return (JSON.parse(text) as { task: { id: number; status: string } }).task;
}
const statusOf = (id: number) => client('show', String(id)).status;

function stop(unit: string): Stopped {
  const from = Date.now();
  execFileSync('systemctl', ['stop', unit]);
  const tookMs = Date.now() - from;
  const names = 'Result,ExecMainStatus,ActiveState';
  const said = execFileSync('systemctl', ['show', unit, '--property', names], { encoding: 'utf8' });
  return { state: said.trim().split('\n').sort().join(' '), tookMs };
}

writeFileSync('/run/out/begun', '');
const health = await wait(
  () =>
    fetch('http://127.0.0.1:5051/health')
      .then((response) => response.text())
      .catch((error: unknown) => String(error)),
  (text) => text.includes('"healthy"'),
);
const first = client('add', 'look around', '--project', 'lab').id;
await wait(
  () => statusOf(first),
  (status) => status === 'completed',
);
const probed = existsSync(PROBED) ? (JSON.parse(readFileSync(PROBED, 'utf8')) as Probed) : null;
const isLeftAlive = probed !== null && existsSync(`/proc/${probed.left}`);

const second = client('add', 'wait', '--project', 'lab').id;
await wait(() => existsSync('/var/lib/athena-worker/waiting'), Boolean);
const worker = stop('athena-worker');
const tasks = [first, second].map(statusOf);
const server = stop('athena');
const log = readFileSync('/run/out/units.log', 'utf8');
const watched: Watched = { health, server, worker, probed, isLeftAlive, tasks, log };
writeFileSync('/run/out/watched.new', JSON.stringify(watched));
renameSync('/run/out/watched.new', '/run/out/watched');
