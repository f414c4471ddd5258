/**
 * The twin's time. Every rule that depends on time (3 seconds, 15 minutes, nonces) reads this clock, so that a
 * test moves it instead of sleeping. It runs on with real time (or a given source) plus what was advanced.
 */
export interface TwinClock {
  /** Milliseconds since 1970. */
  now(): number;
  advance(ms: number): void;
}

export function createTwinClock(source: () => number = Date.now): TwinClock {
  let offset = 0;
  return {
    now: () => source() + offset,
    advance(ms) {
      offset += ms;
    },
  };
}

const DISCORD_EPOCH = 1_420_070_400_000n;
/** discord.js only recognises ids of 17 to 19 digits; a clock near 1970 or 2015 would make shorter ones. */
const EARLIEST = Date.UTC(2016, 6, 1);

/** Ids as Discord makes them: time in the upper bits, always rising, also when the clock was set back. */
export function createSnowflakes(now: () => number): () => string {
  let last = 0n;
  return () => {
    const time = now();
    if (time < EARLIEST) throw new Error('The twin needs a clock after July 2016: its ids carry the time.');
    const fromClock = (BigInt(Math.floor(time)) - DISCORD_EPOCH) << 22n;
    last = fromClock > last ? fromClock : last + 1n;
    return last.toString();
  };
}
