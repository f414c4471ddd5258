/**
 * What the relay of one front end remembers over restarts: how far it came, and which send may have
 * happened without being remembered. Saved together with the links a delivery made, in one transaction.
 */
import { TransientError } from '../core/errors.ts';
import type { Attempt, Clock, Delivered, FrontEndMemory, Logger, Store } from '../core/ports.ts';

const POSITION = 'position';
const SENDING = 'sending';

export interface RelayMemoryDeps {
  readonly memory: FrontEndMemory;
  readonly store: Pick<Store, 'newestPosition' | 'clampPosition'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Sending {
  readonly position: string;
  /** ISO time of the first send that may have happened. */
  readonly since: string;
  /** One message for all events up to the position. */
  readonly isSummary: boolean;
  /** What was decided for it. */
  readonly decided?: string | undefined;
}

export type RelayMemory = ReturnType<typeof createRelayMemory>;

export function createRelayMemory(deps: RelayMemoryDeps) {
  const { memory, store, clock, logger } = deps;
  let position: string | null = null;

  async function sending(): Promise<Sending | null> {
    const text = await memory.value(SENDING);
    return text === null ? null : (JSON.parse(text) as Sending);
  }

  async function firstPosition(): Promise<string> {
    const stored = await memory.value(POSITION);
    const position = stored === null ? await store.newestPosition() : await store.clampPosition(stored);
    if (position === stored) return position;
    if (stored !== null) {
      logger.warn(
        { stored, position },
        'the delivered position lies beyond the newest event: a restored backup?',
      );
    }
    await memory.save({ values: { [POSITION]: position, [SENDING]: null } });
    return position;
  }

  return {
    position: async () => (position ??= await firstPosition()),
    /** Null before the first look. */
    known: async () => position ?? (await memory.value(POSITION)),
    /** The send whose outcome is unknown, if there is one. */
    doubtful: sending,

    async attempt(of: Pick<Sending, 'position' | 'isSummary'>): Promise<Attempt> {
      const earlier = await sending();
      const isKnown = earlier?.position === of.position && earlier.isSummary === of.isSummary;
      let isMarked = isKnown;
      return {
        inDoubtSince: isKnown ? new Date(earlier.since) : null,
        decided: (isKnown ? earlier.decided : undefined) ?? null,
        async announceSend(decided) {
          // A delivery of several messages is in doubt since the first of them.
          if (isMarked) return;
          const mark: Sending = { ...of, since: clock.now().toISOString(), decided };
          await memory.save({ values: { [SENDING]: JSON.stringify(mark) } });
          isMarked = true;
        },
      };
    },

    async moveOn(moved: string, delivered: Delivered): Promise<void> {
      const values = { ...delivered.values, [POSITION]: moved, [SENDING]: null };
      await saveForSure(deps, { ...delivered, values });
      position = moved;
    },
  };
}

/** What was sent must be remembered: a database that is locked for a while only delays it. */
async function saveForSure(
  { memory, clock, logger }: RelayMemoryDeps,
  remembered: Parameters<FrontEndMemory['save']>[0],
): Promise<void> {
  for (;;) {
    try {
      await memory.save(remembered);
      return;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      logger.warn({ error }, 'a delivery cannot be remembered yet');
      await new Promise<void>((resolve) => clock.after(error.retryAfterMs, resolve));
    }
  }
}
