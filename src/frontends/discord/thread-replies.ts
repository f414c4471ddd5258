/**
 * Plain messages in threads as replies (THREAD_REPLIES=on): heard from the gateway, one after the other, and looked for
 * after a gap in the line. One that is met twice is taken once.
 */
import { Events, GatewayDispatchEvents, type Client } from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import type { Live } from './connection.ts';
import { patiently } from './patience.ts';
import { forgetHeard, rememberHeard, talkMissed, type GapDeps } from './thread-gap.ts';
import { createNod } from './thread-nod.ts';
import { hearTalk, isTalk, type Talk, type TalkDeps } from './thread-talk.ts';

export interface ThreadReplies {
  /** `track` is given all that is under way. */
  listen(client: Client, current: () => Live | null, track: (hearing: Promise<void>) => void): void;
}

export interface ThreadReplyDeps extends TalkDeps, GapDeps {
  readonly logger: Logger;
}

const TRIES = 5;

export function createThreadReplies(deps: ThreadReplyDeps): ThreadReplies {
  const { config, memory, clock } = deps;
  const ear = createEar(deps);

  return {
    listen(client, current, track) {
      if (!config.threadReplies) {
        track(ear.inOrder(() => forgetHeard(memory)));
        return;
      }
      const hearing = (run: (live: Live) => Promise<void>) => {
        const live = current();
        if (live !== null) track(ear.inOrder(() => run(live)));
      };
      // As it comes: discord.js drops what is said in a thread that slept until now.
      client.ws.on(GatewayDispatchEvents.MessageCreate, (talk: Talk) => {
        hearing((live) => ear.next(live, talk));
      });
      for (const ready of [Events.ClientReady, Events.ShardReady] as const) {
        client.on(ready, () => {
          hearing((live) => patiently(clock, TRIES, () => ear.missed(live)));
        });
      }
    },
  };
}

function createEar(deps: ThreadReplyDeps) {
  const { memory, clock, logger } = deps;
  const nod = createNod({ clock, logger });
  // What somebody says in two messages reaches the run in that order.
  let turn = Promise.resolve();
  /** What was said since the mark may not have been heard: it is looked for before the mark moves on. */
  let isOwed = true;
  let newest: string | null = null;

  function failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : 'unknown';
    if (error instanceof TransientError) {
      isOwed = true;
      logger.warn({ reason }, 'what was said in threads could not be heard yet');
    } else {
      logger.error({ reason }, 'what was said in threads could not be heard');
    }
  }

  async function hear(live: Live, talk: Talk): Promise<void> {
    if (!isTalk(talk)) return;
    const heard = await patiently(clock, TRIES, () => hearTalk(deps, live, talk));
    if (heard === null) return;
    newest = laterOf(newest, talk.id);
    if (!isOwed) await rememberHeard(memory, newest);
    // The next message need not wait until this one is answered.
    void nod(live, talk, heard);
  }

  async function missed(live: Live): Promise<void> {
    isOwed = true;
    for await (const talk of talkMissed(live, deps)) await hear(live, talk);
    if (newest !== null) await rememberHeard(memory, newest);
    isOwed = false;
  }

  return {
    missed,
    async next(live: Live, talk: Talk): Promise<void> {
      // What is owed comes first: if that cannot be had now, this one is found together with it.
      if (isOwed) await missed(live);
      await hear(live, talk);
    },
    inOrder(run: () => Promise<void>): Promise<void> {
      turn = turn.then(run).catch(failed);
      return turn;
    },
  };
}

/** Of two messages the one that was said later. */
const laterOf = (one: string | null, other: string) =>
  one !== null && BigInt(one) > BigInt(other) ? one : other;
