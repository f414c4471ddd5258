/** HTTP clients that fill the queue and do to tasks what people do: edit, raise, cancel, requeue, pause. */
import type { OpKind, Wish } from '../journal.ts';
import { pause } from '../pause.ts';
import type { Dice } from '../random.ts';
import type { World } from '../world.ts';
import { createCaller, type Caller, type Request } from './caller.ts';

const DEEDS = {
  add: 55,
  edit: 5,
  priority: 8,
  cancel: 7,
  requeue: 12,
  notes: 3,
  status: 4,
  pause: 1,
  look: 5,
};
const PRIORITIES = ['high', 'medium', 'low'];
/** More than these waiting, and nothing is added for a while. */
const ENOUGH_WAITING = 60;
/** More than these untold, and the whole load slows down: the channel is to catch up before the end. */
const ENOUGH_UNTOLD = 400;

interface Operator {
  readonly world: World;
  readonly dice: Dice;
  readonly caller: Caller;
  readonly name: string;
}

interface Deed {
  readonly kind: OpKind;
  readonly taskId?: number;
  readonly request: (token: string) => Request;
}

export async function runOperator(world: World, name: string, pauseMs: number): Promise<void> {
  const dice = world.dice(name);
  const operator: Operator = { world, dice, caller: createCaller(world, dice), name };
  while (!world.calm.aborted) {
    await act(operator);
    const isEnough = world.board.pending > ENOUGH_WAITING || world.board.undelivered > ENOUGH_UNTOLD;
    await pause(dice.next() * 2 * pauseMs * (isEnough ? 8 : 1), world.calm);
  }
}

async function act(operator: Operator): Promise<void> {
  const { dice } = operator;
  const what = dice.weighted(DEEDS);
  if (what === 'look') await look(operator);
  else if (what === 'pause') await pauseAndResume(operator);
  else {
    const deed = deedOf(operator, what);
    if (deed !== null) await run(operator, deed);
  }
}

type Change = Exclude<keyof typeof DEEDS, 'add' | 'look' | 'pause'>;

function deedOf({ world, dice, name }: Operator, what: Change | 'add'): Deed | null {
  if (what === 'add') return adding(dice);
  const state = what === 'requeue' ? 'ended' : dice.chance(0.6) ? 'pending' : 'in_progress';
  const taskId = world.board.pick(dice, state);
  if (taskId === undefined) return null;
  // The operator ends what somebody else holds.
  const kind = what === 'status' ? 'complete' : what;
  return {
    kind,
    taskId,
    request: changeTo(what, { at: `/api/tasks/${taskId}`, name, priority: dice.pick(PRIORITIES) }),
  };
}

interface Particulars {
  readonly at: string;
  readonly name: string;
  readonly priority: string | undefined;
}

function changeTo(what: Change, { at, name: instance_id, priority }: Particulars): Deed['request'] {
  switch (what) {
    case 'edit':
      return (token) => ({ method: 'PUT', path: at, body: { description: `${token} edited`, instance_id } });
    case 'priority':
      return () => ({ method: 'PUT', path: `${at}/priority`, body: { priority, instance_id } });
    case 'cancel':
      return (token) => ({
        method: 'POST',
        path: `${at}/cancel`,
        body: { reason: `${token} said no`, instance_id },
      });
    case 'requeue':
      return () => ({ method: 'POST', path: `${at}/requeue`, body: { instance_id } });
    case 'notes':
      return (token) => ({ method: 'PUT', path: `${at}/status`, body: { notes: `${token} noted` } });
    case 'status':
      return (token) => ({
        method: 'PUT',
        path: `${at}/status`,
        body: { status: 'completed', notes: `${token} is over` },
      });
  }
}

function adding(dice: Dice): Deed {
  const priority = dice.chance(0.5) ? { priority: dice.pick(PRIORITIES) } : {};
  const target = dice.chance(0.1) ? { target: `worker-${dice.whole(1, 3)}` } : {};
  return {
    kind: 'add',
    request: (token) => ({
      method: 'POST',
      path: '/api/tasks',
      body: { description: `${token} for the torture run`, ...priority, ...target },
    }),
  };
}

function run({ caller, dice, name }: Operator, { kind, taskId, request }: Deed): Promise<unknown> {
  const isOperator = kind === 'add' || kind === 'notes' || kind === 'complete';
  const isKeyed = dice.chance(0.6);
  const wish = (token: string): Wish => ({
    kind,
    via: 'http',
    actor: isOperator ? 'operator' : `instance:${name}`,
    isKeyed,
    ...(taskId !== undefined && { taskId }),
    ...(kind === 'add' && { text: (request(token).body as { description: string }).description }),
  });
  return caller.run(wish, request);
}

async function look({ caller, world, dice }: Operator): Promise<void> {
  const status = dice.pick(['pending', 'in_progress', 'failed,cancelled']) ?? 'pending';
  await caller.send({ method: 'GET', path: `/api/tasks?status=${status}&limit=30` });
  const stats = await caller.send({ method: 'GET', path: '/api/stats' });
  if (stats?.json.pending !== undefined) world.board.pending = stats.json.pending;
  const health = await caller.send({ method: 'GET', path: '/health' });
  if (health?.json.notifications !== undefined)
    world.board.undelivered = health.json.notifications.undelivered;
}

async function pauseAndResume(operator: Operator): Promise<void> {
  const { world, dice } = operator;
  const turn = (kind: 'pause' | 'resume') =>
    run(operator, { kind, request: () => ({ method: 'POST', path: `/api/queue/${kind}`, body: {} }) });
  await turn('pause');
  await pause(dice.whole(100, 1500), world.calm);
  await turn('resume');
}
