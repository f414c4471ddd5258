/**
 * The environment, parsed once. Every problem is listed at once by variable name, and no message ever
 * shows a value. An empty variable counts as absent: that is what compose files make of a missing one.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { LOG_LEVELS } from './log.ts';

export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const HOUR_MS = 60 * 60_000;

const says = (error: string) => ({ error });

/** What is set must name something: a stray comma must not open what a list was meant to close. */
const names = (what: string) =>
  z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((word) => word.trim().replace(/^#/, ''))
        .filter((word) => word !== ''),
    )
    .refine((found) => found.length > 0, says(`must name at least one ${what}`));

const channel = z
  .string()
  .transform((name) => name.trim().replace(/^#/, ''))
  .refine((name) => name !== '' && !name.includes(','), says('must be one channel name or id'));

const numberIn = (min: number, max: number, kind: 'whole' | 'any' = 'whole') => {
  const isWhole = kind === 'whole';
  const error = `must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`;
  return z
    .string()
    .transform((text) => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN))
    .refine((value) => value >= min && value <= max && (!isWhole || Number.isInteger(value)), says(error));
};

const folder = z.string().refine((path) => !path.includes('\0'), says('must be the path of a folder'));

const yesOrNo = z.enum(['yes', 'no'], says('must be yes or no')).transform((word) => word === 'yes');

const onOrOff = z.enum(['on', 'off'], says('must be on or off')).transform((word) => word === 'on');

const visible = (text: string) => /^[\x21-\x7e]+$/.test(text);

const Environment = z.object({
  DISCORD_TOKEN: z.string().refine(visible, says('must be a bot token without spaces')).optional(),
  API_PORT: numberIn(0, 65_535).default(5051),
  API_HOST: z.string().default('0.0.0.0').refine(visible, says('must be a host name or an address')),
  API_KEY: z
    .string()
    .max(500, says('must not be longer than 500 characters'))
    .refine(visible, says('must be visible ASCII characters without spaces, to fit into a header'))
    .optional(),
  TRUSTED_PROXIES: names('address or network')
    .refine((all) => all.every(isNetwork), says('must be addresses or networks such as 10.0.0.0/8'))
    .default([]),
  API_BEHIND_TLS: yesOrNo.default(false),
  DB_PATH: z
    .string()
    .default('data/tasks.db')
    .refine((path) => !path.includes('\0') && !path.endsWith('/'), says('must be the path of a file')),
  ALLOWED_CHANNELS: names('channel').default(['claude-tasks']),
  NOTIFICATION_CHANNEL: channel.default('claude-tasks'),
  TASK_FORUM: channel.optional(),
  ALLOWED_ROLES: names('role').default([]),
  SUBMIT_ROLES: names('role').default([]),
  MANAGE_ROLES: names('role').default([]),
  OWNERS: names('Discord user id')
    .refine(
      (ids) => ids.every((id) => /^\d{15,21}$/.test(id)),
      says('must be Discord user ids (15 to 21 digits)'),
    )
    .default([]),
  MAX_OPEN_PER_PERSON: numberIn(1, 100_000).optional(),
  MAX_SUBMISSIONS_PER_HOUR: numberIn(1, 100_000).optional(),
  THREAD_REPLIES: onOrOff.default(false),
  MAX_RUNNING_PER_PERSON: numberIn(1, 100_000).optional(),
  USER_DAILY_COST_USD: numberIn(0.01, 1_000_000, 'any').optional(),
  DISCORD_GUILD_ID: z
    .string()
    .regex(/^\d{15,21}$/, says('must be a server id (15 to 21 digits)'))
    .optional(),
  DISCORD_API_URL: z
    .string()
    .refine(
      isHttpUrl,
      says('must be an http or https URL up to and including /api, without a user or password in it'),
    )
    .optional(),
  LEASE_MINUTES: numberIn(0.001, 43_200, 'any').default(120),
  MAX_ATTEMPTS: numberIn(1, 1000).default(3),
  BACKUP_DIR: folder.optional(),
  BACKUP_KEEP: numberIn(1, 1000).default(7),
  BACKUP_EVERY_HOURS: numberIn(0.001, 720, 'any').default(24),
  RETENTION_DAYS: numberIn(1, 36_500).optional(),
  MESSAGE_DAYS: numberIn(1, 36_500).default(30),
  TRANSCRIPT_DAYS: numberIn(1, 36_500).default(30),
  ARCHIVE_DIR: folder.optional(),
  TZ: z.string().default('UTC').refine(isTimeZone, says('must be a time zone name such as Europe/Berlin')),
  LOG_LEVEL: z.enum(LOG_LEVELS, says(`must be one of ${LOG_LEVELS.join(', ')}`)).default('info'),
});

/** Every variable the server reads. */
export const VARIABLES = Object.keys(Environment.shape);

export type Config = ReturnType<typeof readConfig>;

/** Throws ConfigError. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>) {
  const given = Object.fromEntries(
    VARIABLES.flatMap((name) => (environment[name]?.trim() ? [[name, environment[name].trim()]] : [])),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`));
  }
  const env = parsed.data;
  return {
    http: {
      host: env.API_HOST,
      port: env.API_PORT,
      trustedProxies: env.TRUSTED_PROXIES,
      behindTls: env.API_BEHIND_TLS,
    },
    apiKey: env.API_KEY ?? null,
    databasePath: env.DB_PATH,
    queue: {
      leaseMs: Math.round(env.LEASE_MINUTES * 60_000),
      maxAttempts: env.MAX_ATTEMPTS,
      limits: {
        runningPerPerson: env.MAX_RUNNING_PER_PERSON ?? null,
        dailyCostUsd: env.USER_DAILY_COST_USD ?? null,
        timeZone: env.TZ,
      },
    },
    backup:
      env.BACKUP_DIR === undefined
        ? null
        : {
            folder: env.BACKUP_DIR,
            keep: env.BACKUP_KEEP,
            everyMs: Math.round(env.BACKUP_EVERY_HOURS * HOUR_MS),
          },
    retention:
      env.RETENTION_DAYS === undefined
        ? null
        : { keepMs: env.RETENTION_DAYS * 24 * HOUR_MS, archiveFolder: env.ARCHIVE_DIR ?? null },
    /** How long after the end of a task what its runs said is kept. */
    runs: {
      messagesMs: env.MESSAGE_DAYS * 24 * HOUR_MS,
      transcriptsMs: env.TRANSCRIPT_DAYS * 24 * HOUR_MS,
    },
    logLevel: env.LOG_LEVEL,
    discord: env.DISCORD_TOKEN === undefined ? null : toDiscord(env, env.DISCORD_TOKEN),
  };
}

function toDiscord(env: z.infer<typeof Environment>, token: string) {
  return {
    token,
    ...(env.DISCORD_API_URL !== undefined && { apiUrl: env.DISCORD_API_URL.replace(/\/+$/, '') }),
    allowedChannels: env.ALLOWED_CHANNELS,
    notificationChannel: env.NOTIFICATION_CHANNEL,
    taskForum: env.TASK_FORUM ?? null,
    allowedRoles: env.ALLOWED_ROLES,
    submitRoles: env.SUBMIT_ROLES,
    manageRoles: env.MANAGE_ROLES,
    owners: env.OWNERS,
    limits: {
      openPerPerson: env.MAX_OPEN_PER_PERSON ?? null,
      submissionsPerHour: env.MAX_SUBMISSIONS_PER_HOUR ?? null,
    },
    dailyCostUsd: env.USER_DAILY_COST_USD ?? null,
    threadReplies: env.THREAD_REPLIES,
    guildId: env.DISCORD_GUILD_ID ?? null,
    timeZone: env.TZ,
  };
}

/** With a password in it, every error about the URL would tell it; and it would not be sent anyway. */
function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}
