/** Runs beside the units in the booted system, as root: waits for them, stops them, and notes what systemd says. */
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
  readonly probed: Probed | null;
  readonly worker: Stopped;
  readonly isLeftAlive: boolean;
  readonly log: string;
}

const PROBED = '/var/lib/athena-worker/probed';

/** Half a minute; then the last answer is the answer. */
async function wait<T>(ask: () => T | Promise<T>, isDone: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (isDone(answer) || Date.now() > deadline) return answer;
    await pause(200);
  }
}

const health = await wait(
  () =>
    fetch('http://127.0.0.1:5051/health')
      .then((response) => response.text())
      .catch((error: unknown) => String(error)),
  (text) => text.includes('"healthy"'),
);
await wait(() => existsSync(PROBED), Boolean);
const probed = existsSync(PROBED) ? (JSON.parse(readFileSync(PROBED, 'utf8')) as Probed) : null;
const log = readFileSync('/run/out/units.log', 'utf8');

const worker = stop('athena-worker');
const watched: Watched = {
  health,
  server: stop('athena'),
  probed,
  worker,
  isLeftAlive: probed !== null && existsSync(`/proc/${probed.left}`),
  log,
};
writeFileSync('/run/out/watched.new', JSON.stringify(watched));
renameSync('/run/out/watched.new', '/run/out/watched');

function stop(unit: string): Stopped {
  const from = Date.now();
  execFileSync('systemctl', ['stop', unit]);
  const tookMs = Date.now() - from;
  const names = 'Result,ExecMainStatus,ActiveState';
  const said = execFileSync('systemctl', ['show', unit, '--property', names], { encoding: 'utf8' });
  return { state: said.trim().split('\n').sort().join(' '), tookMs };
}
