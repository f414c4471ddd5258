/**
 * Histories in which the server dies, again and again, in the middle of what its clients ask. Nobody knows
 * what came of the requests under way, and the next server finds what the one before left behind.
 */
import { turns } from '../../support/http-until.ts';
import type { Command } from '../command.ts';
import { linearize, type Operation } from '../linearize.ts';
import type { Answer } from '../model/explain.ts';
import type { State } from '../model/state.ts';
import { connect, type Plan } from './clients.ts';
import { look, prepare } from './look.ts';
import { queueCalls, withUndos } from './queue-calls.ts';
import { createRecorder, type Call, type Recorder } from './recorder.ts';
import { told } from './told.ts';

/** The life of one server. */
export interface Life {
  readonly clients: readonly (readonly Plan[])[];
  /** So many turns of the event loop after its clients began. */
  readonly diesAfter: number;
}

export interface Lives {
  readonly setup: readonly Command[];
  readonly lives: readonly Life[];
}

/** A server that can be killed. */
export interface Mortal {
  readonly port: number;
  readonly ask: (command: Command) => Promise<Answer>;
  /** From this very moment on it changes nothing any more that the next one finds. */
  readonly die: () => void;
  /** Resolves when it is gone. */
  readonly bury: () => Promise<void>;
  /** Calls whose claims may have been given back. */
  readonly unsent: (calls: readonly Operation<Call>[]) => ReadonlySet<string>;
}

/** `empty`: the state of a new queue; `start`: the next server, over what the last one left. */
export async function playLives(
  { setup, lives }: Lives,
  { empty, start }: { empty: State; start: () => Promise<Mortal> },
): Promise<void> {
  const recorder = createRecorder();
  let server = await start();
  try {
    let states: readonly State[] = [await prepare(setup, empty, { ask: server.ask, recorder })];
    for (const life of lives) {
      await live(life, server, recorder);
      await server.bury();
      const calls = recorder.take();
      const history = withUndos(calls, server.unsent(calls));
      server = await start();
      const explained = linearize(history, states, queueCalls);
      if (explained.states.length === 0) throw new Error(told(history, explained.longest, false));
      states = await look(server.ask, explained.states, history);
    }
  } finally {
    server.die();
    await server.bury();
  }
}

async function live({ clients, diesAfter }: Life, server: Mortal, recorder: Recorder): Promise<void> {
  let end = () => {};
  const death = new Promise<null>((resolve) => {
    end = () => {
      resolve(null);
    };
  });
  let isDead = false;
  const around = { port: server.port, ask: server.ask, recorder, death, isDead: () => isDead };
  const connections = await Promise.all(clients.map(() => connect(around)));
  const work = clients.map(async (plans, n) => connections[n]?.work(plans));
  await turns(diesAfter);
  server.die();
  isDead = true;
  end();
  await Promise.all(work);
  for (const connection of connections) connection.leave();
}
