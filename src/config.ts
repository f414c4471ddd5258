/**
 * The environment, parsed once. Every problem is listed at once by variable name, and no message ever
 * shows a value. An empty variable counts as absent: that is what compose files make of a missing one.
 */
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

const numberIn = (range: { min: number; max: number; whole: boolean; fallback: number }) => {
  const { min, max, whole, fallback } = range;
  const error = `must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
  return z
    .string()
    .default(String(fallback))
    .transform((text) => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN))
    .refine((value) => value >= min && value <= max && (!whole || Number.isInteger(value)), says(error));
};

const visible = (text: string) => /^[\x21-\x7e]+$/.test(text);

const Environment = z.object({
  DISCORD_TOKEN: z.string().refine(visible, says('must be a bot token without spaces')).optional(),
  API_PORT: numberIn({ min: 0, max: 65_535, whole: true, fallback: 5051 }),
  API_HOST: z.string().default('0.0.0.0').refine(visible, says('must be a host name or an address')),
  API_KEY: z
    .string()
    .max(500, says('must not be longer than 500 characters'))
    .refine(visible, says('must be visible ASCII characters without spaces, to fit into a header'))
    .optional(),
  DB_PATH: z
    .string()
    .default('data/tasks.db')
    .refine((path) => !path.includes('\0') && !path.endsWith('/'), says('must be the path of a file')),
  ALLOWED_CHANNELS: names('channel').default(['claude-tasks']),
  NOTIFICATION_CHANNEL: z
    .string()
    .default('claude-tasks')
    .transform((name) => name.trim().replace(/^#/, ''))
    .refine((name) => name !== '' && !name.includes(','), says('must be one channel name or id')),
  ALLOWED_ROLES: names('role').default([]),
  DISCORD_GUILD_ID: z
    .string()
    .regex(/^\d{15,21}$/, says('must be a server id (15 to 21 digits)'))
    .optional(),
  DISCORD_API_URL: z
    .string()
    .refine(isHttpUrl, says('must be an http or https URL up to and including /api'))
    .optional(),
  LEASE_MINUTES: numberIn({ min: 0.001, max: 43_200, whole: false, fallback: 120 }),
  MAX_ATTEMPTS: numberIn({ min: 1, max: 1000, whole: true, fallback: 3 }),
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
    http: { host: env.API_HOST, port: env.API_PORT },
    apiKey: env.API_KEY ?? null,
    databasePath: env.DB_PATH,
    queue: { leaseMs: Math.round(env.LEASE_MINUTES * 60_000), maxAttempts: env.MAX_ATTEMPTS },
    logLevel: env.LOG_LEVEL,
    discord:
      env.DISCORD_TOKEN === undefined
        ? null
        : {
            token: env.DISCORD_TOKEN,
            ...(env.DISCORD_API_URL !== undefined && { apiUrl: env.DISCORD_API_URL.replace(/\/+$/, '') }),
            allowedChannels: env.ALLOWED_CHANNELS,
            notificationChannel: env.NOTIFICATION_CHANNEL,
            allowedRoles: env.ALLOWED_ROLES,
            guildId: env.DISCORD_GUILD_ID ?? null,
            timeZone: env.TZ,
          },
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
