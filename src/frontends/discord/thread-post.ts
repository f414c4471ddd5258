/**
 * A task's thread as a post in the forum. A post carries no nonce, so one that may have been made is looked for: it is
 * ours, it is as young as the first try, and its first message names the task.
 */
import {
  ChannelType,
  Routes,
  type APIMessage,
  type APIThreadChannel,
  type APIThreadList,
  type ForumChannel,
  type GuildBasedChannel,
  type RouteLike,
} from 'discord.js';
import { DeliveryBlocked, type Link } from '../../core/ports.ts';
import type { Task } from '../../core/task.ts';
import { taskIdOf } from './cards.ts';
import type { DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import type { Answered } from './failures.ts';
import { idBefore } from './history.ts';
import { creationFlags, plainForm, toBody, type Outgoing } from './outgoing.ts';
import { findChannel, lacks, messageUrl } from './places.ts';
import { postCard } from './thread-cards.ts';

/** Far more than are made while one try is in doubt. */
const MAX_PAGES = 20;
const PAGE = 100;
/** It takes no post without one of its tags, and has none that the bot may give. */
export const NEEDS_TAG = '40067';

export type Forum = ForumChannel;

/** Null: none is set, or it is no forum that we can see. */
export function findForum({ client }: Live, config: DiscordConfig): Forum | null {
  if (config.taskForum === null) return null;
  const channel = findChannel(client, config, { named: config.taskForum, isWanted: isForum });
  return channel !== null && isForum(channel) ? channel : null;
}

/** Channels of other kinds may be called the same. */
function isForum(channel: GuildBasedChannel): channel is Forum {
  return channel.type === ChannelType.GuildForum;
}

export interface Post {
  readonly task: Task;
  readonly name: string;
  readonly card: Link | null;
  readonly archiveMinutes: number;
}

/** Where its content is refused, or embeds are, it is made in the plain form; where even that is, without its title. */
export async function makePost(live: Live, forum: Forum, post: Post): Promise<Answered> {
  const { task, name, card } = post;
  const whole = postCard(task, card === null ? null : messageUrl({ guildId: forum.guildId, ...card }));
  const plain = plainForm(whole);
  const forms = [
    ...((await lacks(forum, 'Embed Links')) ? [] : [{ name, message: whole }]),
    { name, message: plain },
  ];
  for (const form of forms) {
    const answer = await makeAs(live, forum, { ...post, ...form });
    if (answer.ok || answer.why !== 'refused') return answer;
  }
  return makeAs(live, forum, { ...post, name: `#${task.id}`, message: plain });
}

async function makeAs(
  { api }: Live,
  forum: Forum,
  { name, archiveMinutes, message }: Omit<Post, 'task' | 'card'> & { message: Outgoing },
): Promise<Answered> {
  const body = {
    name,
    auto_archive_duration: archiveMinutes,
    message: { ...toBody(message), flags: creationFlags(message) },
  };
  const route = Routes.threads(forum.id);
  const answer = await api.ask({ method: 'POST', route, body });
  if (answer.ok || answer.code !== NEEDS_TAG) return answer;
  const tag = forum.availableTags.find(({ moderated }) => !moderated);
  if (tag === undefined) return answer;
  return api.ask({ method: 'POST', route, body: { ...body, applied_tags: [tag.id] } });
}

/** The post that a try since then has made; null when there is none. */
export async function findPost(
  live: Live,
  forum: Forum,
  of: { task: Task; since: Date },
): Promise<string | null> {
  const oldest = idBefore(of.since);
  const isYoung = ({ id }: { id: string }) => BigInt(id) > BigInt(oldest);
  const active = await listed(live, Routes.guildActiveThreads(forum.guildId), {});
  const found = await findMarked(live, ours(active.threads, live, forum).filter(isYoung), of.task);
  if (found !== null) return found;
  let before: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = { limit: String(PAGE), ...(before !== undefined && { before }) };
    const { threads, has_more } = await listed(live, Routes.channelThreads(forum.id, 'public'), query);
    const marked = await findMarked(live, ours(threads, live, forum).filter(isYoung), of.task);
    if (marked !== null) return marked;
    const archivedAt = threads.at(-1)?.thread_metadata?.archive_timestamp;
    // What was put away before the first try cannot have been made by it.
    if (archivedAt === undefined || has_more !== true || Date.parse(archivedAt) < of.since.getTime()) break;
    before = archivedAt;
  }
  return null;
}

async function listed(
  { api }: Live,
  route: RouteLike,
  query: Readonly<Record<string, string>>,
): Promise<{ threads: APIThreadChannel[]; has_more?: boolean }> {
  const answer = await api.ask({ method: 'GET', route, query });
  if (answer.ok) return answer.value as APIThreadList & { threads: APIThreadChannel[] };
  throw new DeliveryBlocked(`A post may have been made already; finding out fails: ${answer.message}`);
}

function ours(threads: readonly APIThreadChannel[], { client }: Live, forum: Forum): APIThreadChannel[] {
  return threads.filter(({ parent_id, owner_id }) => parent_id === forum.id && owner_id === client.user.id);
}

/** The first message of a post has the post's own id. */
async function findMarked(
  { api }: Live,
  posts: readonly { id: string }[],
  task: Task,
): Promise<string | null> {
  for (const { id } of posts) {
    const answer = await api.ask({ method: 'GET', route: Routes.channelMessage(id, id) });
    if (answer.ok && isPostOf(task, answer.value as APIMessage)) return id;
  }
  return null;
}

function isPostOf(task: Task, message: APIMessage): boolean {
  return taskIdOf(message) === task.id || message.content === postCard(task, null).plain;
}
