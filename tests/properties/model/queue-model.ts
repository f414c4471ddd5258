/**
 * The queue of the contract once more, in the fewest words: one function from a state and a command to
 * the next state and the answer. It knows no store and none of the program's own rules, so whatever the
 * real one answers must be what this says.
 */
import type { Command } from '../command.ts';
import { claim, claimNext, heartbeat } from './claims.ts';
import { add, cancelTask, changePriority, edit, requeueTask, turn } from './edits.ts';
import { complete, fail, release, setStatus } from './ends.ts';
import { expire, undo } from './moves.ts';
import { READS } from './reads.ts';
import { answer, refuse } from './reply.ts';
import { copyOf, leaseById, liveLease, type Kept, type Reply, type State } from './state.ts';

const KEY_KEPT_MS = 24 * 60 * 60_000;

/** How a request went, beside what was asked. */
export interface Request {
  /** Names the request, so that a claim whose answer got lost can be found again. */
  readonly name: string | null;
  /** Whether its answer reached somebody. */
  readonly heard: boolean;
}

type Act = (state: State, command: Command, request: Request) => Reply;

const ACTS: Readonly<Record<Command['do'], Act>> = {
  ...{ add, edit, complete, fail, release, setStatus, heartbeat, ...READS },
  ...{ priority: changePriority, cancel: cancelTask, requeue: requeueTask },
  pause: (state, command) => turn(state, command, true),
  resume: (state, command) => turn(state, command, false),
  claim: (state, command, { name }) => claim(state, command, name),
  claimNext: (state, command, { name }) => claimNext(state, command, name),
  advance(state, { ms = 0 }) {
    state.now += ms;
    return NOTHING;
  },
  expire(state) {
    for (const task of state.tasks)
      if (task.lease_expires_at !== null && task.lease_expires_at <= state.now) expire(state, task);
    return NOTHING;
  },
  promote(state) {
    for (const task of state.tasks)
      if (task.not_before !== null && task.not_before <= state.now) task.not_before = null;
    return NOTHING;
  },
};
const NOTHING = answer({}, false);
const ANSWERED: Request = { name: null, heard: true };

export function apply(before: State, command: Command, request = ANSWERED): { state: State; reply: Reply } {
  const state = copyOf(before);
  const isRead = command.do in READS;
  // Who writes is heard before it is answered, who asks afterwards.
  if (!isRead) hear(state, command);
  const reply =
    command.key === undefined ? ACTS[command.do](state, command, request) : once(state, command, request);
  if (isRead) hear(state, command);
  return { state, reply };
}

/** The first answer again; or the answer, kept if it changed something. */
function once(state: State, command: Command, request: Request): Reply {
  const { key = '', ...rest } = command;
  const print = JSON.stringify(rest);
  const kept = keptUnder(state, key);
  if (kept !== null) return again(state, kept, { key, print, heard: request.heard });
  const reply = ACTS[command.do](state, command, request);
  const lease = (reply.body as { lease?: { lease_id: string } }).lease?.lease_id ?? null;
  if (reply.changed) state.keys[key] = { print, reply, lease, at: state.now, heard: request.heard };
  return reply;
}

/** A record past its time is as good as none. */
function keptUnder(state: State, key: string): Kept | null {
  const kept = state.keys[key];
  if (kept === undefined || state.now - kept.at <= KEY_KEPT_MS) return kept ?? null;
  forget(state, key);
  return null;
}

function again(state: State, kept: Kept, now: { key: string; print: string; heard: boolean }): Reply {
  if (kept.print !== now.print) return refuse('idempotency_conflict');
  if (kept.lease !== null && leaseById(state, kept.lease)?.lease.outcome !== null)
    return refuse('lease_lost');
  state.keys[now.key] = { ...kept, heard: kept.heard || now.heard };
  return kept.reply;
}

function forget(state: State, key: string | undefined): void {
  state.keys = Object.fromEntries(Object.entries(state.keys).filter(([one]) => one !== key));
}

/** Whatever came of it: whoever names its instance is alive. */
function hear(state: State, { body }: Command): void {
  const { instance_id: id, instance_name: name } = body;
  if (id === undefined) return;
  state.instances[id] = { name: name ?? state.instances[id]?.name ?? id, seen: state.now };
}

/**
 * The server gives back what this request claimed, because nobody could be told; together with its key. Null
 * when there is nothing to give back: not claimed, ended since, or somebody else with that key was told.
 */
export function giveBack(before: State, request: string): State | null {
  const state = copyOf(before);
  const task = state.tasks.find((one) => liveLease(one)?.request === request);
  if (task === undefined) return null;
  const lease = liveLease(task)?.id ?? null;
  const [key, kept] = Object.entries(state.keys).find(([, { lease: one }]) => one === lease) ?? [];
  if (kept?.heard === true) return null;
  forget(state, key);
  undo(state, task);
  return state;
}
