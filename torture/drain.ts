/** The end of a run: no faults, no new operations; until every lease has ended and the channel knows everything. */
import { createCaller, type Caller } from './load/caller.ts';
import { pause } from './pause.ts';
import type { World } from './world.ts';

const LOOK_MS = 200;
/** Without any step forward: a lease of the longest kind, its grace, and Discord's longest refusal fit in it. */
const STILL_MS = 120_000;
/** How long the line of untold events is depends on the machine; a line that never ends is a finding all the same. */
const LONGEST_MS = 20 * 60_000;

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
  const beganAt = performance.now();
  let fewest = Infinity;
  let movedAt = beganAt;
  for (;;) {
    const left = await look(caller);
    if (left.undelivered === 0 && left.inProgress === 0) return;
    journal.note('draining', left);
    const now = performance.now();
    if (left.count < fewest) [fewest, movedAt] = [left.count, now];
    if (now - movedAt > STILL_MS || now - beganAt > LONGEST_MS) {
      const [stillS, wholeS] = [now - movedAt, now - beganAt].map((ms) => Math.round(ms / 1000));
      findings.push(
        `not drained after ${wholeS} s, the last ${stillS} s without a step: ${JSON.stringify(left)}`,
      );
      return;
    }
    await pause(LOOK_MS);
  }
}

/** What is still to come; undefined where the server did not answer. */
async function look(caller: Caller) {
  const stats = await caller.send({ method: 'GET', path: '/api/stats' });
  const health = await caller.send({ method: 'GET', path: '/health' });
  const [inProgress, undelivered] = [stats?.json.in_progress, health?.json.notifications?.undelivered];
  return {
    inProgress,
    undelivered,
    count: (inProgress ?? Infinity) + (undelivered ?? Infinity),
    health: health?.json,
  };
}
