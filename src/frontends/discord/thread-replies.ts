/**
 * Plain messages in threads as replies (THREAD_REPLIES=on): heard from the gateway, one after the other, and looked for
 * after a gap in the line. One that is met twice is taken once.
 */
import { Events, GatewayDispatchEvents, type Client } from 'discord.js';
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
  const { config, memory, clock, logger } = deps;
  const nod = createNod({ clock, logger });
  // What somebody says in two messages reaches the run in that order.
  let turn = Promise.resolve();
  const inOrder = (run: () => Promise<void>): Promise<void> => {
    turn = turn.then(run).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : 'unknown';
      logger.error({ reason }, 'what was said in threads could not be heard');
    });
    return turn;
  };

  async function hear(live: Live, talk: Talk): Promise<void> {
    if (!isTalk(talk)) return;
    const heard = await patiently(clock, TRIES, () => hearTalk(deps, live, talk));
    if (heard === null) return;
    await rememberHeard(memory, talk);
    // The next message need not wait until this one is answered.
    void nod(live, talk, heard);
  }

  async function hearMissed(live: Live): Promise<void> {
    for await (const talk of talkMissed(live, deps)) await hear(live, talk);
  }

  return {
    listen(client, current, track) {
      if (!config.threadReplies) {
        track(inOrder(() => forgetHeard(memory)));
        return;
      }
      const hearing = (run: (live: Live) => Promise<void>) => {
        const live = current();
        if (live !== null) track(inOrder(() => run(live)));
      };
      // As it comes: discord.js drops what is said in a thread that slept until now.
      client.ws.on(GatewayDispatchEvents.MessageCreate, (talk: Talk) => {
        hearing((live) => hear(live, talk));
      });
      for (const ready of [Events.ClientReady, Events.ShardReady] as const) {
        client.on(ready, () => {
          hearing((live) => patiently(clock, TRIES, () => hearMissed(live)));
        });
      }
    },
  };
}
