/**
 * What happens to the server, one thing after the other: kills above all, some of them at the very moment of
 * a send or an answer; stops, a full disk, a locked database, a clock that is set, a copy opened elsewhere.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { pause, within } from '../pause.ts';
import type { Dice } from '../random.ts';
import { LEASE_MS, type World } from '../world.ts';
import { fillDisk } from './disk.ts';
import { openCopy } from './copy.ts';

const KINDS = { kill: 70, restart: 3, stop: 3, 'full disk': 7, lock: 6, clock: 8, copy: 3 };
export type ServerFault = keyof typeof KINDS;

/** Between one fault and the next. */
const LONGEST_REST_MS = 4000;
const START_MS = 60_000;
const LONGEST_AWAKENING_MS = 900;
const LOCKER = path.join(import.meta.dirname, 'locker.mjs');
/** Together never more than hours: after a day away, one message would sum up what was missed. */
const CLOCK_STEPS_S = [-3600, -600, -150, -30, -5, -3, 3, 5, 30, 150, 600, 3600];
const FARTHEST_S = 6 * 3600;

interface Scene {
  readonly world: World;
  readonly dice: Dice;
  clockS: number;
}

export async function torment(world: World): Promise<void> {
  const dice = world.dice('server faults');
  const scene: Scene = { world, dice, clockS: 0 };
  const kinds = Object.fromEntries(
    Object.entries(KINDS).filter(([kind]) => !world.options.without.includes(kind)),
  ) as Record<ServerFault, number>;
  while (!world.calm.aborted) {
    await within(START_MS, world.keeper.up());
    await pause(dice.next() * LONGEST_REST_MS, world.calm);
    // A calm that begins here must not be disturbed any more.
    if (aborted(world.calm)) return;
    // However short the run and slow the machine, there is a kill in it.
    await FAULTS[world.keeper.starts.length === 1 && kinds.kill > 0 ? 'kill' : dice.weighted(kinds)](scene);
  }
}

const aborted = (signal: AbortSignal) => signal.aborted;

const FAULTS: Readonly<Record<ServerFault, (scene: Scene) => Promise<void>>> = {
  kill,
  stop,
  lock,
  restart,
  clock: setClock,
  'full disk': ({ world, dice }) => fillDisk(world, dice),
  copy: ({ world }) => openCopy(world),
};

async function kill({ world, dice }: Scene): Promise<void> {
  const { keeper, twin, faults, journal, calm } = world;
  // A third of them between a message that Discord has taken and the server's memory of it.
  if (dice.chance(0.35)) {
    const sends = twin.requestCount + dice.whole(1, 8);
    await twin
      .waitFor(() => twin.requestCount >= sends, { timeoutMs: 1000, what: 'sends' })
      .catch(() => undefined);
  }
  journal.note('kill', { pid: keeper.pid });
  faults.add('server killed');
  await keeper.kill();
  if (!dice.chance(0.12)) return;
  // The next one, too, before it is half awake.
  await pause(dice.next() * LONGEST_AWAKENING_MS, calm);
  faults.add('server killed');
  await keeper.kill();
}

/** As a service manager restarts it. */
async function restart({ world }: Scene): Promise<void> {
  world.faults.add('server restarted');
  const code = await world.keeper.ask();
  world.journal.note('asked to stop', { code });
  if (code !== 0) world.findings.push(`a server that was asked to stop ended with ${String(code)}`);
}

async function stop({ world, dice }: Scene): Promise<void> {
  const { keeper, faults, journal, calm } = world;
  const ms = LEASE_MS + dice.whole(300, 3000);
  journal.note('stop', { ms });
  faults.add('server stopped');
  keeper.signal('SIGSTOP');
  await pause(ms, calm);
  keeper.signal('SIGCONT');
}

/** Another program holds the database, sometimes for longer than anybody waits for it. */
async function lock({ world, dice }: Scene): Promise<void> {
  const { keeper, faults, journal, database, calm } = world;
  const ms = dice.whole(500, 8000);
  journal.note('lock', { ms });
  faults.add('database locked');
  // A server that starts meanwhile waits five seconds and then says whose fault it is.
  keeper.excuse('locked', ms + 12_000);
  const locker = spawn(process.execPath, [LOCKER, database, String(ms)], { stdio: 'ignore' });
  const ended = new Promise((resolve) => locker.once('close', resolve));
  if (dice.chance(0.5)) await pause(dice.next() * ms, calm);
  else await ended;
  // Otherwise it stays locked while other things happen, a kill perhaps.
  if (calm.aborted) locker.kill('SIGKILL');
}

async function setClock(scene: Scene): Promise<void> {
  const { world, dice } = scene;
  const steps = CLOCK_STEPS_S.filter((step) => Math.abs(scene.clockS + step) <= FARTHEST_S);
  const step = dice.pick(steps) ?? 0;
  scene.clockS += step;
  world.journal.note('clock', { step, now: scene.clockS });
  world.faults.add(step > 0 ? 'clock set forwards' : 'clock set back');
  world.keeper.setClock(scene.clockS * 1000);
  await Promise.resolve();
}
