/**
 * What a run tells, on its way to the server: numbered from 1, in order, each once. A batch is repeated until it is
 * answered; a repeat is ignored there, and after a gap the server says which number it expects. Every batch carries
 * the totals so far, so that they count even if nothing more ever comes.
 */
import type { PostMessages } from '../../src/contract/run.ts';
import { ClientError } from '../errors.ts';
import type { RunClock } from './clock.ts';
import type { RunMessage } from './executor.ts';
import { createOutbox, type Outbox } from './message-outbox.ts';

export type Batch = Omit<PostMessages, 'lease_id'>;
/** What is not a message: the newest counts. */
export type Standing = Pick<Batch, 'session_id' | 'session_text' | 'base' | 'activity' | 'todo'>;

export interface PosterDeps {
  /** Repeated by itself while the server is away. */
  readonly send: (batch: Batch) => Promise<{ readonly next: number }>;
  readonly totals: () => Batch['totals'];
  readonly redact: (text: string) => string;
  readonly clock: RunClock;
  /** The server takes nothing more of this run. */
  readonly refused: (error: unknown) => void;
}

export interface Poster {
  add(message: RunMessage): void;
  set(standing: Standing): void;
  /** The totals have grown. */
  touch(): void;
  /** Resolves when the server has everything, or takes nothing more. */
  flush(): Promise<void>;
  /** What the server has not confirmed, for the closing report of a run whose lease is over. */
  unsent(): { readonly first: number; readonly messages: Batch['messages'] };
  stop(): void;
}

const GATHER_MS = 200;
const TOTALS_MS = 5_000;

export function createPoster(deps: PosterDeps): Poster {
  const { clock } = deps;
  const state = newState();
  let sending: Promise<void> | null = null;
  let callOff = () => {};
  let dueMs = Infinity;

  function plan(delayMs: number): void {
    state.isDirty = true;
    const atMs = clock.monotonicMs() + delayMs;
    if (state.isStopped || sending !== null || atMs >= dueMs) return;
    callOff();
    dueMs = atMs;
    callOff = clock.after(delayMs, () => void send());
  }

  function send(): Promise<void> {
    callOff();
    dueMs = Infinity;
    sending ??= sendAll(state, deps).finally(() => {
      sending = null;
      if (state.isDirty) plan(GATHER_MS);
    });
    return sending;
  }

  return {
    add({ kind, text }) {
      state.outbox.add({ kind, text: deps.redact(text) }, clock.now());
      plan(GATHER_MS);
    },
    set(more) {
      state.standing = { ...state.standing, ...more };
      plan(GATHER_MS);
    },
    touch: () => {
      plan(TOTALS_MS);
    },
    async flush() {
      while (!state.isStopped && (state.isDirty || sending !== null)) await send();
    },
    unsent: state.outbox.next,
    stop() {
      state.isStopped = true;
      callOff();
    },
  };
}

interface State {
  readonly outbox: Outbox;
  standing: Standing;
  isDirty: boolean;
  isStopped: boolean;
  /** The batch that begins there was refused as it was, and is sent without its texts. */
  disarmed: number;
}

function newState(): State {
  return { outbox: createOutbox(), standing: {}, isDirty: false, isStopped: false, disarmed: 0 };
}

async function sendAll(state: State, deps: PosterDeps): Promise<void> {
  const { outbox } = state;
  while (state.isDirty && !state.isStopped) {
    const batch = outbox.next();
    const told = state.standing;
    state.isDirty = outbox.size() > batch.messages.length;
    state.standing = {};
    try {
      const { next } = await deps.send({ ...batch, totals: deps.totals(), ...told });
      outbox.moveTo(Math.max(next, batch.first + batch.messages.length));
    } catch (error) {
      state.isDirty = true;
      recover(error, state, { told, batch, refused: deps.refused });
    }
  }
}

interface Failed extends Pick<PosterDeps, 'refused'> {
  readonly told: Standing;
  readonly batch: ReturnType<Outbox['next']>;
}

function recover(error: unknown, state: State, { told, batch, refused }: Failed): void {
  const expected = expectedBy(error);
  if (expected !== undefined && expected > batch.first) {
    // An earlier answer got lost: what is there is there.
    state.standing = { ...told, ...state.standing };
    state.outbox.moveTo(expected);
  } else if (isOffended(error) && state.disarmed !== batch.first) {
    state.disarmed = batch.first;
    state.outbox.disarm(batch.messages.length);
  } else {
    state.isStopped = true;
    refused(error);
  }
}

function expectedBy(error: unknown): number | undefined {
  if (!(error instanceof ClientError) || error.code !== 'invalid_transition') return undefined;
  const { expected } = (error.facts.details ?? {}) as { expected?: unknown };
  return typeof expected === 'number' ? expected : undefined;
}

/** By these texts: Athena, or something on the way that goes on refusing them. */
export function isOffended(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false;
  const { status = 0, isForeign } = error.facts;
  return error.code === 'invalid_input' || isForeign === true || [400, 413, 422].includes(status);
}
