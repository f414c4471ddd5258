import type { RateLimitOptions } from './http/rate-limits.ts';

type PrivilegedIntent = 'guildMembers' | 'guildPresences' | 'messageContent';

export interface DiscordTwinOptions {
  /** What the bot has to present; default a fake of the usual form. */
  token?: string;
  botName?: string;
  /** Text channels of the first guild; default `claude-tasks` and `general`. */
  channels?: readonly string[];
  guildName?: string;
  /** Time source beneath the twin's clock; default real time. `advance` adds to it. */
  now?: () => number;
  /** How long a nonce is remembered; Discord says "minutes". Default 3. */
  nonceMemoryMs?: number;
  /** Privileged intents that are switched on; asking for others closes with 4014. Default none. */
  allowedIntents?: readonly PrivilegedIntent[];
  /** Enforces messages per channel; default off. */
  rateLimits?: RateLimitOptions;
  heartbeatMs?: number;
  /** How often a bot may log in within a day; Discord says 1,000, and so does the default. */
  sessionStarts?: number;
  /** How many of the latest requests are remembered; default all of them. For runs that last. */
  requestsKept?: number;
}

export const DEFAULTS = {
  botName: 'athena',
  channels: ['claude-tasks', 'general'],
  guildName: 'Homelab',
  nonceMemoryMs: 3 * 60_000,
  heartbeatMs: 41_250,
  sessionStarts: 1_000,
} as const;

/** Three parts as a real token has, the first being the bot's id, and plainly nobody's. */
export function fakeToken(botId: string): string {
  return `${Buffer.from(botId).toString('base64url')}.Gtwin0.${'fake-token-of-the-twin-'.padEnd(38, '0')}`;
}
