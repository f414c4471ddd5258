/**
 * The requests whose handlers are still at work on their first card. The relay hears of a new task the moment
 * it is committed; it waits here, for a bounded time, until the reply has become the task's card.
 */
import type { Clock } from '../../core/ports.ts';

/** How long the relay waits for a handler before it looks for the reply itself. */
const HANDLER_WAIT_MS = 5_000;

export interface InFlight {
  /** Remembers a request until `end`. */
  begin(ref: string): Flight;
  /** Resolves when its handler is done, with whether it has drawn the card; `gaveUp` after 5 s; `unknown` at once if it is none of ours. */
  settled(ref: string): Promise<Settled>;
}

export interface Flight {
  /** False once the relay has stopped waiting: the card is the relay's from then on. */
  isOurs(): boolean;
  end(drawn: boolean): void;
}

export type Settled = 'drawn' | 'not-drawn' | 'gave-up' | 'unknown';

/** What is remembered of handlers that were quicker than the relay. */
const REMEMBERED = 200;

export function createInFlight(clock: Clock): InFlight {
  const flying = new Map<string, { ends: Promise<boolean>; isOurs: boolean }>();
  const landed = new Map<string, boolean>();

  return {
    begin(ref) {
      let tell: (drawn: boolean) => void = () => undefined;
      const ends = new Promise<boolean>((resolve) => {
        tell = resolve;
      });
      const flight = { ends, isOurs: true };
      flying.set(ref, flight);
      return {
        isOurs: () => flight.isOurs,
        end(drawn) {
          flying.delete(ref);
          landed.set(ref, drawn && flight.isOurs);
          const oldest = landed.size > REMEMBERED ? landed.keys().next().value : undefined;
          if (oldest !== undefined) landed.delete(oldest);
          tell(drawn);
        },
      };
    },

    async settled(ref) {
      const known = landed.get(ref);
      landed.delete(ref);
      if (known !== undefined) return known ? 'drawn' : 'not-drawn';
      const flight = flying.get(ref);
      if (flight === undefined) return 'unknown';
      let cancel: () => void = () => undefined;
      const patience = new Promise<'gave-up'>((resolve) => {
        cancel = clock.after(HANDLER_WAIT_MS, () => {
          resolve('gave-up');
        });
      });
      const outcome = await Promise.race([flight.ends, patience]);
      cancel();
      if (outcome === 'gave-up') flight.isOurs = false;
      else landed.delete(ref);
      if (outcome === 'gave-up') return 'gave-up';
      return outcome ? 'drawn' : 'not-drawn';
    },
  };
}

/** Where a request came from, in one text: enough to find its reply again after a restart. */
export function toRef(channelId: string, interactionId: string): string {
  return `${channelId}:${interactionId}`;
}

export function readRef(ref: string): { channelId: string; interactionId: string } | null {
  const [, channelId, interactionId] = /^(\d+):(\d+)$/.exec(ref) ?? [];
  return channelId === undefined || interactionId === undefined ? null : { channelId, interactionId };
}
