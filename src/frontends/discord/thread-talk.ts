/**
 * What somebody says in a task's thread, taken as a reply to it: judged like a press of theirs, and stored once by the
 * message's own id, however often Discord tells of it. Edits are no news, and what other bots say is none either.
 */
import { MessageType, Routes, type APIGuildMember, type APIMessage, type Guild } from 'discord.js';
import { DomainError } from '../../core/errors.ts';
import type { Store } from '../../core/ports.ts';
import { requireReach } from '../../core/person.ts';
import type { PersonLimits } from '../../core/person-limits.ts';
import type { Replied } from '../../core/reply-use-cases.ts';
import type { RunService } from '../../core/run-service.ts';
import type { Task } from '../../core/task.ts';
import { FRONT_END, type DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import { whoSteers } from './guard.ts';
import { countedGuilds } from './places.ts';
import { refusalOf } from './refusals.ts';
import { rightsOf, type Standing } from './rights.ts';
import { heardBy, readReply } from './run-replies.ts';
import { shownName } from './turn.ts';

/** As the gateway tells it; read over REST, it comes without the last two. */
export type Talk = APIMessage & {
  readonly guild_id?: string;
  readonly member?: Pick<APIGuildMember, 'roles'>;
};

/** What became of it, and what its author is told. */
export type Heard =
  | {
      readonly as: 'reply';
      readonly delivery: Replied['delivery'];
      readonly line: string;
      readonly isClear: boolean;
    }
  /** Could be taken from this person, but not like this. */
  | { readonly as: 'refused'; readonly line: string }
  /** Not theirs to say; told to nobody else. */
  | { readonly as: 'not-permitted'; readonly line: string };

export interface TalkDeps {
  readonly config: DiscordConfig;
  readonly store: Store;
  readonly runs: RunService;
}

/** More than one task may lie in a thread that people have made. */
const TASKS_LOOKED_AT = 20;
const NO_FILES =
  'Files in a thread are not taken along; describe what is in them, or queue a task with them.';

export function isTalk({ author, webhook_id, type, content, attachments }: Talk): boolean {
  const isPlain = type === MessageType.Default || type === MessageType.Reply;
  const isByPerson = author.bot !== true && webhook_id === undefined;
  return isPlain && isByPerson && (content.trim() !== '' || attachments.length > 0);
}

/** Null: not about any task. Throws TransientError where it must be heard again. */
export async function hearTalk(deps: TalkDeps, live: Live, talk: Talk): Promise<Heard | null> {
  const { store, config } = deps;
  const ids = await store.threads(FRONT_END).tasksIn(talk.channel_id, TASKS_LOOKED_AT);
  const task = await meantIn(store, ids);
  const guild = guildOf(live, talk, config);
  if (task === null || guild === null) return null;
  try {
    const rights = rightsOf(await standingOf(live, guild, talk), config);
    const limits = rights.isLimited ? config.limits : undefined;
    const { delivery, line } = await take(deps, { task, talk, reach: rights.steers, limits });
    const files = talk.attachments.length === 0 ? '' : ` ${NO_FILES}`;
    return { as: 'reply', delivery, line: `${line}${files}`, isClear: ids.length === 1 && files === '' };
  } catch (error) {
    return refusedBy(error, whoSteers(guild, config));
  }
}

function refusedBy(error: unknown, whoMay: string): Heard {
  const refusal = refusalOf(error, whoMay);
  if (!(error instanceof DomainError) || refusal === null) throw error;
  const as = error.code === 'not_permitted' ? 'not-permitted' : 'refused';
  return { as, line: refusal.content ?? refusal.plain };
}

function textOf({ content, attachments }: Talk): string {
  if (content.trim() !== '' || attachments.length === 0) return readReply(content);
  throw new DomainError('invalid_input', NO_FILES);
}

/** The one that is worked on, else one that waits, else the newest. */
async function meantIn(store: Store, ids: readonly number[]): Promise<Task | null> {
  const found: Task[] = [];
  for (const id of ids) found.push(...[await store.task(id)].filter((task) => task !== null));
  return (
    found.find(({ status }) => status === 'in_progress') ??
    found.find(({ status }) => status === 'pending') ??
    found[0] ??
    null
  );
}

function guildOf({ client }: Live, { guild_id: guildId, channel_id: id }: Talk, config: DiscordConfig) {
  const channel = client.channels.cache.get(id);
  const wanted = guildId ?? (channel !== undefined && 'guildId' in channel ? channel.guildId : null);
  return countedGuilds(client, config).find((guild) => guild.id === wanted) ?? null;
}

/** Their roles come with what the gateway tells; otherwise they are asked for. */
async function standingOf({ api }: Live, guild: Guild, { author, member }: Talk): Promise<Standing> {
  const route = Routes.guildMember(guild.id, author.id);
  const answer = member === undefined ? await api.ask({ method: 'GET', route }) : null;
  const held = member ?? (answer?.ok === true ? (answer.value as APIGuildMember) : { roles: [] });
  return {
    userId: author.id,
    roles: held.roles.map((id) => ({ id, name: guild.roles.cache.get(id)?.name ?? id })),
    ownsServer: guild.ownerId === author.id,
  };
}

interface Said {
  readonly task: Task;
  readonly talk: Talk;
  readonly reach: 'any' | 'own';
  readonly limits: PersonLimits | undefined;
}

type Answered = Pick<Replied, 'delivery'> & { readonly line: string };

async function take({ store, runs }: TalkDeps, { task, talk, reach, limits }: Said): Promise<Answered> {
  const actor = `discord:${talk.author.id}` as const;
  const person = { actor, reach, name: shownName({ user: talk.author }) };
  // Before anything is said about the text: bystanders are told nothing of it.
  requireReach(task, person);
  const reply = runs.reply(task.id, person, {
    text: textOf(talk),
    now: false,
    limits,
    saidIn: talk.channel_id,
  });
  const answer = await store.decideOnce(reply, {
    key: `discord:message:${talk.id}`,
    fingerprint: talk.id,
    render(replied) {
      const told: Answered = { delivery: replied.delivery, line: heardBy(replied) };
      return { status: 202, body: JSON.stringify(told), leaseId: null };
    },
  });
  return JSON.parse(answer.body) as Answered;
}
