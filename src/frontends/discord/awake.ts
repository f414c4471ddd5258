import { Routes } from 'discord.js';
import type { Api } from './api.ts';
import type { Answered } from './failures.ts';

/** Nothing can be edited in a thread that sleeps, so it is woken for it. One that is locked stays as it is. */
export async function awake(
  api: Api,
  channelId: string | null,
  ask: () => Promise<Answered>,
): Promise<Answered> {
  const answer = await ask();
  if (answer.ok || answer.why !== 'archived' || channelId === null) return answer;
  const route = Routes.channel(channelId);
  const woken = await api.ask({ method: 'PATCH', route, body: { archived: false } });
  return woken.ok ? ask() : answer;
}
