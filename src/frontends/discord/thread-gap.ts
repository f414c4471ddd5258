/**
 * What was said in threads while the line was cut: the gateway does not tell of it again after a restart. Which message
 * was heard last is remembered, and from there on the threads that have news are read.
 */
import { Routes, SnowflakeUtil, type APIMessage, type APIThreadChannel } from 'discord.js';
import type { Clock, FrontEndMemory, Store } from '../../core/ports.ts';
import { FRONT_END, type DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import { countedGuilds } from './places.ts';
import type { Talk } from './thread-talk.ts';

export interface GapDeps {
  readonly config: DiscordConfig;
  readonly store: Store;
  readonly memory: FrontEndMemory;
  readonly clock: Clock;
}

/** The newest message that was heard. */
const HEARD = 'heard_message';
/** A message that was taken is known again for a day; one that is older is not looked for. */
const LOOKED_BACK_MS = 23 * 60 * 60_000;
const PAGE = 100;

export async function rememberHeard(memory: FrontEndMemory, messageId: string): Promise<void> {
  await memory.save({ values: { [HEARD]: messageId } });
}

/** While nothing is listened to, nothing of that time shall be a reply later. */
export async function forgetHeard(memory: FrontEndMemory): Promise<void> {
  if ((await memory.value(HEARD)) !== null) await memory.save({ values: { [HEARD]: null } });
}

/** In each thread in the order in which it was said. The first time there is nothing before. */
export async function* talkMissed(live: Live, deps: GapDeps): AsyncGenerator<Talk> {
  const after = await heardBefore(deps);
  if (after === null) return;
  for (const { id: guildId } of countedGuilds(live.client, deps.config)) {
    for (const { id } of await threadsWithNews(live, guildId, after)) {
      const isOurs = (await deps.store.threads(FRONT_END).tasksIn(id, 1)).length > 0;
      if (!isOurs) continue;
      for await (const message of messagesAfter(live, id, after)) yield { ...message, guild_id: guildId };
    }
  }
}

async function heardBefore({ memory, clock }: GapDeps): Promise<string | null> {
  const heard = await memory.value(HEARD);
  const now = clock.now().getTime();
  if (heard === null) {
    await memory.save({ values: { [HEARD]: idAt(now) } });
    return null;
  }
  const oldest = idAt(now - LOOKED_BACK_MS);
  return BigInt(heard) > BigInt(oldest) ? heard : oldest;
}

function idAt(time: number): string {
  return SnowflakeUtil.generate({ timestamp: time, increment: 0n, processId: 0n, workerId: 0n }).toString();
}

/** A message wakes its thread, so those that sleep have none. */
async function threadsWithNews({ api }: Live, guildId: string, after: string): Promise<APIThreadChannel[]> {
  const answer = await api.ask({ method: 'GET', route: Routes.guildActiveThreads(guildId) });
  if (!answer.ok) return [];
  const { threads } = answer.value as { threads: APIThreadChannel[] };
  return threads.filter(({ last_message_id: last }) => last != null && BigInt(last) > BigInt(after));
}

/** The oldest first. */
async function* messagesAfter({ api }: Live, threadId: string, after: string): AsyncGenerator<APIMessage> {
  for (let from = after; ;) {
    const query = { after: from, limit: String(PAGE) };
    const answer = await api.ask({ method: 'GET', route: Routes.channelMessages(threadId), query });
    const page = answer.ok ? (answer.value as APIMessage[]).toReversed() : [];
    yield* page;
    from = page.at(-1)?.id ?? from;
    if (page.length < PAGE) return;
  }
}
