/** Plays one concurrent history and finds an order of its calls that explains every answer, or fails. */
import { turns } from '../../support/http-until.ts';
import type { Command } from '../command.ts';
import { linearize } from '../linearize.ts';
import { nextFor } from '../model/order.ts';
import { giveBack } from '../model/queue-model.ts';
import { emptyState, type State } from '../model/state.ts';
import { connect, type Plan } from './clients.ts';
import { look, prepare } from './look.ts';
import { queueCalls, withUndos } from './queue-calls.ts';
import { createRecorder } from './recorder.ts';
import { told } from './told.ts';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';

export interface Scene {
  /** One after the other, before the clients come. */
  readonly setup: readonly Command[];
  /** What each client does. A claim that waits may only come last. */
  readonly clients: readonly (readonly Plan[])[];
}

export async function playConcurrently(scene: Scene): Promise<void> {
  const server = await startWatchedServer();
  try {
    await play(scene, server);
  } finally {
    await server.close();
  }
}

async function play({ setup, clients }: Scene, server: WatchedServer): Promise<void> {
  const recorder = createRecorder();
  const before = await prepare(setup, emptyState(server.clock.now().getTime()), {
    ask: server.ask,
    recorder,
  });
  const connections = await Promise.all(
    clients.map(() => connect({ port: server.port, recorder, ask: server.ask })),
  );
  const busy = new Set(connections.map((_, n) => n));
  const work = clients.map(async (plans, n) => {
    await connections[n]?.work(plans);
    busy.delete(n);
  });
  await untilOnlyWaiting(clients, busy);
  await server.settle();
  const ready = recorder.calls.length;
  server.endWaiting();
  await Promise.all(work);
  for (const connection of connections) connection.leave();
  await server.settle();

  const history = withUndos(recorder.calls, server.unsent);
  const { states, longest } = linearize(history, [before], queueCalls);
  const sentAway = recorder.calls.slice(ready).map(({ what }) => what.command);
  const settled = states.filter((state) => isSettled(state, { unsent: server.unsent, sentAway }));
  if (settled.length === 0) throw new Error(told(history, longest, states.length > 0));
  await look(server.ask, settled, history);
}

/** Every client is done, or waits for a task with its last command. */
async function untilOnlyWaiting(clients: Scene['clients'], busy: ReadonlySet<number>): Promise<void> {
  const mayWait = (n: number) => clients[n]?.some(({ command }) => command.body.wait_seconds !== undefined);
  const deadline = performance.now() + 10_000;
  while ([...busy].some((n) => !mayWait(n))) {
    if (performance.now() > deadline) throw new Error('a client was never answered');
    await turns(1);
  }
  // A client that will wait may still be on its way there.
  await turns(100);
}

/** What nobody could be told is given back, and nobody waits for a task that is there to take. */
function isSettled(
  state: State,
  { unsent, sentAway }: { unsent: Iterable<string>; sentAway: Command[] },
): boolean {
  for (const name of unsent) if (giveBack(state, name) !== null) return false;
  return state.queue.paused || sentAway.every(({ body }) => nextFor(state, body) === null);
}
