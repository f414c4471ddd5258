/** The discord.js client: only the Guilds intent unless threads are listened to, no retries of its own, and caches that cannot grow without bound. */
import { Client, GatewayIntentBits, Options } from 'discord.js';
import type { DiscordConfig } from './config.ts';

/** One request; a hung connection is given up after this. */
const REQUEST_TIMEOUT_MS = 10_000;

/** discord.js waits out rate limits up to this by itself; longer ones go back to the relay. */
const WAITABLE_LIMIT_MS = 10_000;

const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;

function intentsFor({ threadReplies }: DiscordConfig): readonly GatewayIntentBits[] {
  return threadReplies ? [Guilds, GuildMessages, MessageContent] : [Guilds];
}

export function createClient(config: DiscordConfig): Client {
  return new Client({
    intents: intentsFor(config),
    waitGuildTimeout: 5_000,
    allowedMentions: { parse: [] },
    enforceNonce: true,
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      ApplicationCommandManager: 0,
      AutoModerationRuleManager: 0,
      BaseGuildEmojiManager: 0,
      GuildBanManager: 0,
      GuildEmojiManager: 0,
      GuildInviteManager: 0,
      // Permissions are worked out from our own member, so that one stays.
      GuildMemberManager: { maxSize: 50, keepOverLimit: (member) => member.id === member.client.user.id },
      GuildScheduledEventManager: 0,
      GuildStickerManager: 0,
      MessageManager: 0,
      PresenceManager: 0,
      ReactionManager: 0,
      ReactionUserManager: 0,
      StageInstanceManager: 0,
      ThreadMemberManager: 0,
      UserManager: { maxSize: 50, keepOverLimit: (user) => user.id === user.client.user.id },
      VoiceStateManager: 0,
    }),
    rest: {
      // `api: undefined` would break the default, so the key is there only when it is set.
      ...(config.apiUrl !== undefined && { api: config.apiUrl.replace(/\/+$/, '') }),
      retries: 0,
      timeout: REQUEST_TIMEOUT_MS,
      rejectOnRateLimit: ({ retryAfter, timeToReset }) =>
        Math.max(retryAfter, timeToReset) > WAITABLE_LIMIT_MS,
    },
  });
}
