/** HTTP clients that claim tasks, work on them with or without a sign of life, and end them in every way. */
import type { Op } from '../journal.ts';
import { pause } from '../pause.ts';
import type { Dice } from '../random.ts';
import { LEASE_MS, type World } from '../world.ts';
import { createCaller, type Caller, type Reply } from './caller.ts';

/** How an attempt goes on, by weight. */
const COURSES = { quick: 62, beating: 22, asleep: 8, vanish: 8 };
const ENDS = { complete: 60, retry: 14, fail: 10, release: 16 };
const PROOFS = { lease: 50, both: 40, instance: 10 };
const BEAT_MS = LEASE_MS / 3;
const MOST_CLAIM_WAIT_S = 3;

interface Held {
  readonly taskId: number;
  readonly leaseId: string;
}

interface Worker {
  readonly world: World;
  readonly dice: Dice;
  readonly caller: Caller;
  readonly name: string;
}

/** Works until the calm begins. */
export async function runWorker(world: World, name: string): Promise<void> {
  const dice = world.dice(name);
  const worker: Worker = { world, dice, caller: createCaller(world, dice), name };
  while (!world.calm.aborted) {
    const held = heldIn(await claim(worker));
    if (held === null) await pause(dice.whole(20, 250), world.calm);
    else await workOn(worker, held);
  }
}

async function claim({ world, dice, caller, name }: Worker): Promise<Reply | null> {
  const known = dice.chance(0.15) ? world.board.pick(dice, 'pending') : undefined;
  const wait = known === undefined && dice.chance(0.3) ? dice.whole(1, MOST_CLAIM_WAIT_S) : 0;
  const isKeyed = dice.chance(0.6);
  const { reply } = await caller.run(
    () => ({
      kind: 'claim',
      via: 'http',
      actor: `instance:${name}`,
      isKeyed,
      ...(known !== undefined && { taskId: known }),
    }),
    (token) => ({
      method: 'POST',
      path: known === undefined ? '/api/tasks/claim' : `/api/tasks/${known}/claim`,
      body: {
        instance_id: name,
        instance_name: `${name} ${token}`,
        ...(wait > 0 && { wait_seconds: wait }),
        ...(dice.chance(0.2) && { lease_seconds: 10 }),
      },
      waitMs: wait * 1000,
    }),
  );
  return reply;
}

function heldIn(reply: Reply | null): Held | null {
  if (reply === null || reply.status >= 300) return null;
  const { task, lease } = reply.json;
  return task && lease ? { taskId: task.id, leaseId: lease.lease_id } : null;
}

async function workOn(worker: Worker, held: Held): Promise<void> {
  const { dice, world } = worker;
  switch (dice.weighted(COURSES)) {
    case 'quick':
      await pause(dice.whole(5, 300), world.calm);
      break;
    case 'beating':
      for (let beats = dice.whole(1, 4); beats > 0; beats -= 1) {
        await pause(dice.next() * BEAT_MS, world.calm);
        await beat(worker, held);
      }
      break;
    case 'asleep':
      // Longer than its lease: like a machine that was suspended, it acts on what it believes to hold.
      await pause(LEASE_MS + dice.whole(200, 3000), world.calm);
      break;
    case 'vanish':
      return;
  }
  await end(worker, held);
}

function beat({ caller, dice, name }: Worker, { leaseId }: Held): Promise<unknown> {
  return caller.run(
    () => ({ kind: 'heartbeat', via: 'http', actor: `instance:${name}`, leaseId, isKeyed: dice.chance(0.2) }),
    () => ({
      method: 'POST',
      path: '/api/instance/heartbeat',
      body: { instance_id: name, ...(dice.chance(0.7) && { lease_ids: [leaseId] }) },
    }),
  );
}

async function end(worker: Worker, held: Held): Promise<void> {
  const { dice, world } = worker;
  const how = dice.weighted(ENDS);
  // Twice at once, as after a time-out that was too short; or an end that a person's cancel races.
  if (dice.chance(0.05)) {
    await Promise.all([endOnce(worker, held, how), endOnce(worker, held, how)]);
  } else await endOnce(worker, held, how);
  if (dice.chance(0.3)) await pause(dice.whole(10, 200), world.calm);
}

function endOnce({ caller, dice, name }: Worker, held: Held, how: keyof typeof ENDS): Promise<{ op: Op }> {
  const proof = dice.weighted(PROOFS);
  const leaseId = proof === 'instance' ? undefined : held.leaseId;
  const said = {
    ...(leaseId !== undefined && { lease_id: leaseId }),
    ...(proof !== 'lease' && { instance_id: name }),
  };
  return caller.run(
    () => ({
      kind: how === 'retry' ? 'fail' : how,
      via: 'http',
      actor: `instance:${name}`,
      taskId: held.taskId,
      isKeyed: dice.chance(0.6),
      ...(leaseId !== undefined && { leaseId }),
    }),
    (token) => {
      const path = `/api/tasks/${held.taskId}/${how === 'retry' ? 'fail' : how}`;
      return { method: 'POST', path, body: { ...said, ...saying(how, token, dice) } };
    },
  );
}

function saying(how: keyof typeof ENDS, token: string, dice: Dice): object {
  const later = dice.chance(0.15) ? { retry_in_seconds: dice.whole(1, 3) } : {};
  switch (how) {
    case 'complete':
      return { notes: `${token} is done` };
    case 'retry':
      return { error: `${token} went wrong`, ...later };
    case 'fail':
      return { error: `${token} cannot be done`, retry: false };
    case 'release':
      return { reason: `${token} has no time`, ...later };
  }
}
