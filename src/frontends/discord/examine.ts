/**
 * Looks at the Discord side for the doctor, over REST alone: a second line to the gateway would throw the
 * running bot out. Changes nothing, and never shows the token.
 */
import { ApplicationFlags, REST, RESTEvents, Routes, type APIApplication, type APIUser } from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import { ok, problem, warning, type Finding } from '../../core/finding.ts';
import { createApi } from './api.ts';
import { definitions } from './commands/index.ts';
import type { DiscordConfig } from './config.ts';
import { examineGuild, type Ask } from './examine-guild.ts';
import { inviteLink } from './places.ts';

export interface DiscordExamination {
  readonly findings: readonly Finding[];
  /** What Discord's clock said, if it answered. */
  readonly time: Date | null;
}

const TIMEOUT_MS = 10_000;

export async function examineDiscord(config: DiscordConfig): Promise<DiscordExamination> {
  let time: Date | null = null;
  const rest = new REST({
    version: '10',
    retries: 0,
    timeout: TIMEOUT_MS,
    ...(config.apiUrl && { api: config.apiUrl }),
  });
  rest.on(RESTEvents.Response, (_request, response) => {
    const date = new Date(response.headers.get('date') ?? '');
    if (!Number.isNaN(date.getTime())) time = date;
  });
  const api = createApi({ rest: rest.setToken(config.token), onUnauthorized: () => undefined });
  const ask: Ask = (route) => api.ask({ method: 'GET', route });
  try {
    const findings = await examine(ask, config);
    return { findings, time };
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    const todo = 'Check the network, a proxy in between, and https://discordstatus.com; try again.';
    return { findings: [problem('Discord', error.message, todo)], time };
  } finally {
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
  }
}

async function examine(ask: Ask, config: DiscordConfig): Promise<readonly Finding[]> {
  const me = await ask(Routes.user());
  if (!me.ok) {
    const todo = 'Make a new one in the developer portal (page Bot, Reset Token) and set DISCORD_TOKEN.';
    return [problem('token', `Discord refuses it: ${me.message}`, todo)];
  }
  const bot = me.value as APIUser;
  const answer = await ask(Routes.currentApplication());
  if (!answer.ok) return [problem('application', `cannot be read: ${answer.message}`, 'Try again later.')];
  const application = answer.value as APIApplication;
  const guildId = await findGuild(ask, config);
  const invite = `Invite it: ${inviteLink(application.id, config.guildId)}`;
  const token = ok('token', `is good: the bot is ${bot.username}`);
  const about = [token, intents(application, config), visibility(application, config)];
  if (typeof guildId !== 'string') return [...about, guildId === null ? noGuild(invite, config) : several()];
  const place = { ask, config, guildId, botId: bot.id, invite };
  return [...about, ...(await examineGuild(place)), await commands(ask, config, application.id)];
}

/** A small bot has the limited one, once it is switched on; a verified one the other, once it was granted. */
function intents({ flags }: APIApplication, { threadReplies }: DiscordConfig): Finding {
  const { GatewayMessageContent, GatewayMessageContentLimited } = ApplicationFlags;
  const isOn = (flags & (GatewayMessageContent | GatewayMessageContentLimited)) !== 0;
  if (!threadReplies) {
    if (!isOn) return ok('intents', 'Athena asks for none that has to be switched on');
    return ok('intents', 'message content is switched on, and not asked for while THREAD_REPLIES is off');
  }
  if (isOn) return ok('intents', 'message content is switched on, which THREAD_REPLIES=on needs');
  const todo =
    'Switch Message Content Intent on in the developer portal (page Bot), or set THREAD_REPLIES=off; until then Discord refuses the bot.';
  return problem('intents', 'THREAD_REPLIES=on needs message content, which is not switched on', todo);
}

function visibility(application: APIApplication, { guildId }: DiscordConfig): Finding {
  if (!application.bot_public) return ok('invitation', 'only its owner can invite the bot');
  if (guildId !== null) return ok('invitation', 'anybody can invite the bot, but only one server counts');
  const todo = 'Switch Public Bot off in the developer portal (page Bot), or set DISCORD_GUILD_ID.';
  return warning('invitation', 'anybody can invite the bot, and every server it is in counts', todo);
}

/** The server that counts: null for none, false for several. */
async function findGuild(ask: Ask, { guildId }: DiscordConfig): Promise<string | null | false> {
  const answer = await ask(Routes.userGuilds());
  const guilds = answer.ok ? (answer.value as { id: string }[]) : [];
  if (guildId !== null) return guilds.some(({ id }) => id === guildId) ? guildId : null;
  const [only, ...others] = guilds;
  return others.length > 0 ? false : (only?.id ?? null);
}

function noGuild(invite: string, { guildId }: DiscordConfig): Finding {
  return problem(
    'server',
    guildId === null ? 'the bot is in no server' : 'the bot is not in DISCORD_GUILD_ID',
    invite,
  );
}

function several(): Finding {
  const todo = 'Set DISCORD_GUILD_ID to the server that counts.';
  return warning('server', 'the bot is in several: commands work only in channels given by id', todo);
}

async function commands(ask: Ask, { guildId }: DiscordConfig, applicationId: string): Promise<Finding> {
  const answer = await ask(
    guildId === null
      ? Routes.applicationCommands(applicationId)
      : Routes.applicationGuildCommands(applicationId, guildId),
  );
  const todo = 'Start the server once with this token, and look for "commands registered" in its log.';
  if (!answer.ok) return problem('commands', `cannot be read: ${answer.message}`, todo);
  const registered = new Set((answer.value as { name: string }[]).map(({ name }) => name));
  const missing = definitions().filter(({ name }) => !registered.has(name));
  if (missing.length === 0) return ok('commands', `all ${registered.size} are registered`);
  return problem('commands', `not registered: ${missing.map(({ name }) => name).join(', ')}`, todo);
}
