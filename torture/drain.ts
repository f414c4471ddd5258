/** The end of a run: no faults, no new operations; until every lease has ended and the channel knows everything. */
import { createCaller, type Caller } from './load/caller.ts';
import { pause } from './pause.ts';
import type { World } from './world.ts';

const LOOK_MS = 200;
/** A lease of the longest kind, its grace, and a queue of untold events that is as long as it can get. */
const LONGEST_MS = 120_000;

export async function drain(world: World): Promise<void> {
  const { keeper, proxy, twin, findings, journal } = world;
  proxy.calm();
  twin.clearFaults();
  await twin.endOutage();
  await keeper.up();
  const caller = createCaller(world, world.dice('drain'));
  await caller.run(
    () => ({ kind: 'resume', via: 'http', actor: 'operator', isKeyed: true }),
    () => ({ method: 'POST', path: '/api/queue/resume', body: {} }),
  );
  const until = performance.now() + LONGEST_MS;
  for (;;) {
    const left = await look(caller);
    if (left.undelivered === 0 && left.inProgress === 0) return;
    journal.note('draining', left);
    if (performance.now() > until) {
      findings.push(`not drained after ${LONGEST_MS / 1000} s: ${JSON.stringify(left)}`);
      return;
    }
    await pause(LOOK_MS);
  }
}

/** What is still to come; undefined where the server did not answer. */
async function look(caller: Caller) {
  const stats = await caller.send({ method: 'GET', path: '/api/stats' });
  const health = await caller.send({ method: 'GET', path: '/health' });
  return {
    inProgress: stats?.json.in_progress,
    undelivered: health?.json.notifications?.undelivered,
    health: health?.json,
  };
}
