/**
 * Machines that run the built client, one command after the other. Some commands are killed in the middle, or
 * stopped for longer than a lease, and then run again, word for word: what was sent must not happen twice.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { startClient, type ClientRun } from '../../tests/support/client-process.ts';
import { KEY } from '../../tests/support/http-world.ts';
import type { Op, OpKind, Settled, Wish } from '../journal.ts';
import { pause, within } from '../pause.ts';
import type { Dice } from '../random.ts';
import { LEASE_MS, type World } from '../world.ts';

const COMMANDS = { add: 22, claim: 34, cancel: 5, requeue: 8, priority: 5, edit: 4, heartbeat: 8, list: 4 };
const ENDS = { complete: 60, fail: 20, release: 20 };
const KILLED = 0.45;
const STOPPED = 0.02;
/** After this nothing is expected of it any more; it is longer than the client itself takes to give up. */
const LONGEST_RUN_MS = 45_000;
const MOST_RUNS = 8;

interface Machine {
  readonly world: World;
  readonly dice: Dice;
  readonly name: string;
  readonly home: string;
  readonly port: number;
}

interface Command {
  readonly kind: OpKind | 'list';
  readonly taskId?: number;
  readonly argv: (token: string) => string[];
  readonly text?: (token: string) => string;
}

interface Printed {
  readonly task?: { readonly id: number; readonly status: string } | null;
  readonly lease?: { readonly lease_id: string };
  readonly error?: string;
}

export async function runMachine(world: World, name: string): Promise<void> {
  const dice = world.dice(name);
  const port = dice.chance(0.5) ? world.proxy.port : world.keeper.port;
  const machine: Machine = { world, dice, name, port, home: path.join(world.folder, name) };
  while (!world.calm.aborted) {
    const { op, printed } = await run(machine, commandOf(machine));
    if (op?.kind === 'claim' && printed?.task && printed.lease) {
      await pause(dice.whole(0, 500), world.calm);
      await run(machine, endOf(printed.task.id, dice));
    }
    await pause(dice.whole(0, 600), world.calm);
  }
}

function commandOf({ world, dice }: Machine): Command {
  const what = dice.weighted(COMMANDS);
  const adding: Command = {
    kind: 'add',
    argv: (token) => ['add', `${token} from a machine`],
    text: (token) => `${token} from a machine`,
  };
  const state = what === 'requeue' ? 'ended' : 'pending';
  const taskId = world.board.pick(dice, state);
  const on = (kind: OpKind, argv: (id: string, token: string) => string[]): Command =>
    taskId === undefined ? adding : { kind, taskId, argv: (token) => argv(String(taskId), token) };
  switch (what) {
    case 'add':
      return adding;
    case 'claim':
      return { kind: 'claim', argv: () => (dice.chance(0.4) ? ['claim', '--wait', '2'] : ['claim']) };
    case 'cancel':
      return on('cancel', (id, token) => ['cancel', id, '--reason', `${token} said no`]);
    case 'requeue':
      return on('requeue', (id) => ['requeue', id]);
    case 'priority':
      return on('priority', (id) => ['priority', id, 'high']);
    case 'edit':
      return on('edit', (id, token) => ['edit', id, `${token} edited`]);
    case 'heartbeat':
      return { kind: 'heartbeat', argv: () => ['heartbeat'] };
    case 'list':
      return { kind: 'list', argv: () => ['list'] };
  }
}

function endOf(taskId: number, dice: Dice): Command {
  const id = String(taskId);
  const kind = dice.weighted(ENDS);
  const argvs = {
    complete: (token: string) => ['complete', id, '--notes', `${token} is done`],
    fail: (token: string) => ['fail', id, '--error', `${token} went wrong`],
    release: (token: string) => ['release', id, '--reason', `${token} has no time`],
  };
  return { kind, taskId, argv: argvs[kind] };
}

/** Runs it again and again until it is answered, or until nobody can know what became of it. */
async function run(machine: Machine, command: Command): Promise<{ op: Op | null; printed: Printed | null }> {
  const { world, name } = machine;
  if (command.kind === 'list') {
    await runOnce(machine, ['list', '--json'], name);
    return { op: null, printed: null };
  }
  const op = world.journal.open((token) => wishOf(name, command as Command & { kind: OpKind }, token));
  const argv = [...command.argv(op.token), '--json'];
  // What earlier commands left behind is not this one's.
  const before = new Set(savedKeys(machine));
  while (op.tries < MOST_RUNS && !world.over.aborted) {
    op.tries += 1;
    const ran = await runOnce(machine, argv, `${name} ${op.token}`);
    if (ran !== null && ran.code !== 6 && ran.code !== null) {
      const printed = read(ran.stdout);
      world.journal.settle(op, settledBy(ran, printed));
      if (printed?.task) world.board.saw(printed.task.id, printed.task.status);
      return { op, printed };
    }
    // Without a saved write the command was over, or had not begun: run again it would be another one.
    if (savedKeys(machine).every((key) => before.has(key))) break;
  }
  world.journal.settle(op, { outcome: 'unknown', said: 'killed or unreachable' });
  return { op, printed: null };
}

function wishOf(name: string, { kind, taskId, text }: Command & { kind: OpKind }, token: string): Wish {
  const isAnonymous = ['add', 'cancel', 'requeue', 'priority', 'edit'].includes(kind);
  return {
    kind,
    via: 'cli',
    actor: isAnonymous ? 'operator' : `instance:${name}`,
    isKeyed: true,
    ...(taskId !== undefined && { taskId }),
    ...(text !== undefined && { text: text(token) }),
  };
}

/** Null when it was killed. */
async function runOnce(machine: Machine, argv: string[], instanceName: string): Promise<ClientRun | null> {
  const { world, dice, name, home, port } = machine;
  const url = `http://127.0.0.1:${port}`;
  const client = startClient({ url, key: KEY, home, instance: name, name: instanceName }, ...argv);
  if (dice.chance(KILLED) && !world.calm.aborted) {
    await within(dice.whole(20, 450), client.ended);
    client.signal('SIGKILL');
  } else if (dice.chance(STOPPED) && !world.calm.aborted) {
    await within(dice.whole(50, 300), client.ended);
    client.signal('SIGSTOP');
    world.faults.add('client stopped');
    await pause(LEASE_MS + dice.whole(200, 1500), world.calm);
    client.signal('SIGCONT');
  }
  const ran = await within(LONGEST_RUN_MS, client.ended);
  if (ran === null) client.signal('SIGKILL');
  const ended = ran ?? (await client.ended);
  // 130: somebody ended the whole run with Ctrl-C, and the client with it.
  if (ended.code !== null && ended.code !== 130) return ended;
  world.faults.add('client killed');
  return null;
}

/** Whoever adopts a saved write renames it: what stays is the key, `<owner>.<key>.json`. */
function savedKeys({ home }: Machine): string[] {
  const folder = path.join(home, '.local/state/claude-task-client/pending-writes');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => /\.([^.]+)\.json$/.exec(name)?.[1] ?? []);
}

function read(stdout: string): Printed | null {
  try {
    return JSON.parse(stdout) as Printed;
  } catch {
    return null;
  }
}

function settledBy({ code, stderr }: ClientRun, printed: Printed | null): Settled {
  return {
    outcome: code === 0 ? 'acknowledged' : 'refused',
    said: `exit ${String(code)} ${code === 0 ? '' : stderr.trim().slice(0, 200)}`.trim(),
    taskId: printed?.task?.id,
    leaseId: printed?.lease?.lease_id,
  };
}
