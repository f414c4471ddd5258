/** What happens to Discord: outages, answers that are lost after the effect, dropped connections, rate limits. */
import { pause } from '../pause.ts';
import type { Dice } from '../random.ts';
import type { World } from '../world.ts';

const KINDS = {
  outage: 12,
  'applied but 502': 30,
  cut: 16,
  hang: 10,
  'rate limit': 8,
  gateway: 14,
  'new session': 8,
};
type Kind = keyof typeof KINDS;

const LONGEST_REST_MS = 4000;
const LONGEST_OUTAGE_MS = 4000;
const LONGEST_HANG_MS = 3000;

/** Sends and edits; answers to interactions as well, where a bot can find out what became of them. */
const SENDS = { path: /^\/channels\/\d+\/messages/ };

export async function troubleDiscord(world: World): Promise<void> {
  if (world.options.without.includes('discord')) return;
  const dice = world.dice('discord faults');
  while (!world.calm.aborted) {
    await pause(dice.next() * LONGEST_REST_MS, world.calm);
    const kind = dice.weighted(KINDS);
    world.journal.note('discord', { kind });
    await TROUBLES[kind](world, dice);
  }
  world.twin.clearFaults();
}

const TROUBLES: Readonly<Record<Kind, (world: World, dice: Dice) => Promise<void>>> = {
  async outage({ twin, faults, calm }, dice) {
    const kind = dice.chance(0.5) ? 'refused' : 'bad-gateway';
    faults.add(`discord: outage (${kind})`);
    await twin.beginOutage(kind);
    await pause(dice.whole(300, LONGEST_OUTAGE_MS), calm);
    await twin.endOutage();
  },
  async 'applied but 502'({ twin, faults, calm }, dice) {
    const times = dice.whole(1, 3);
    const armed = twin.fault(SENDS, { kind: 'status', status: 502, applied: dice.chance(0.75) }, { times });
    await pause(800, calm);
    faults.add('discord: 502', armed.hits);
    armed.remove();
  },
  async cut({ twin, faults, calm }, dice) {
    const armed = twin.fault(
      SENDS,
      { kind: 'cut', when: dice.chance(0.7) ? 'after' : 'before' },
      { times: dice.whole(1, 2) },
    );
    await pause(800, calm);
    faults.add('discord: cut', armed.hits);
    armed.remove();
  },
  async hang({ twin, faults, calm }, dice) {
    const armed = twin.fault(SENDS, { kind: 'hold', when: dice.chance(0.6) ? 'after' : 'before' });
    await pause(dice.whole(300, LONGEST_HANG_MS), calm);
    faults.add('discord: hang', armed.hits);
    armed.release();
  },
  async 'rate limit'({ twin, faults, calm }, dice) {
    const armed = twin.fault(SENDS, { kind: 'rate-limit', retryAfterMs: dice.whole(100, 1500) });
    await pause(600, calm);
    faults.add('discord: 429', armed.hits);
    armed.remove();
  },
  async gateway({ twin, faults }) {
    faults.add('discord: gateway dropped');
    twin.gateway.drop();
    await Promise.resolve();
  },
  async 'new session'({ twin, faults }) {
    faults.add('discord: session lost');
    twin.gateway.forgetSessions();
    twin.gateway.drop();
    await Promise.resolve();
  },
};
