import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig, VARIABLES } from '../src/config.ts';

function problems(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const TOKEN = 'a-bot-token-of-some-length';

describe('the configuration', () => {
  it('of an empty environment has the published defaults and no key of its own', () => {
    expect(readConfig({})).toEqual({
      http: { host: '0.0.0.0', port: 5051, trustedProxies: [], behindTls: false },
      apiKey: null,
      databasePath: 'data/tasks.db',
      queue: {
        leaseMs: 120 * 60_000,
        maxAttempts: 3,
        limits: { runningPerPerson: null, dailyCostUsd: null, timeZone: 'UTC' },
      },
      backup: null,
      retention: null,
      runs: { messagesMs: 30 * 86_400_000, transcriptsMs: 30 * 86_400_000 },
      logLevel: 'info',
      discord: null,
    });
    expect(readConfig({ DISCORD_TOKEN: TOKEN }).discord).toEqual({
      token: TOKEN,
      allowedChannels: ['claude-tasks'],
      notificationChannel: 'claude-tasks',
      taskForum: null,
      allowedRoles: [],
      submitRoles: [],
      manageRoles: [],
      owners: [],
      limits: { openPerPerson: null, submissionsPerHour: null },
      dailyCostUsd: null,
      threadReplies: false,
      guildId: null,
      timeZone: 'UTC',
    });
  });

  it('treats an empty or blank variable as absent, whichever it is', () => {
    for (const value of ['', ' ', '\t\n']) {
      const environment = Object.fromEntries(VARIABLES.map((name) => [name, value]));
      expect(readConfig(environment)).toEqual(readConfig({}));
    }
  });

  it('reads exactly these variables, and ignores all others', () => {
    expect([...VARIABLES].sort()).toEqual([
      'ALLOWED_CHANNELS',
      'ALLOWED_ROLES',
      'API_BEHIND_TLS',
      'API_HOST',
      'API_KEY',
      'API_PORT',
      'ARCHIVE_DIR',
      'BACKUP_DIR',
      'BACKUP_EVERY_HOURS',
      'BACKUP_KEEP',
      'DB_PATH',
      'DISCORD_API_URL',
      'DISCORD_GUILD_ID',
      'DISCORD_TOKEN',
      'LEASE_MINUTES',
      'LOG_LEVEL',
      'MANAGE_ROLES',
      'MAX_ATTEMPTS',
      'MAX_OPEN_PER_PERSON',
      'MAX_RUNNING_PER_PERSON',
      'MAX_SUBMISSIONS_PER_HOUR',
      'MESSAGE_DAYS',
      'NOTIFICATION_CHANNEL',
      'OWNERS',
      'RETENTION_DAYS',
      'SUBMIT_ROLES',
      'TASK_FORUM',
      'THREAD_REPLIES',
      'TRANSCRIPT_DAYS',
      'TRUSTED_PROXIES',
      'TZ',
      'USER_DAILY_COST_USD',
    ]);
    expect(readConfig({ PATH: '/bin', api_port: '99999999' })).toEqual(readConfig({}));
  });

  it('lists names with or without a hash and with spaces', () => {
    const { discord } = readConfig({
      DISCORD_TOKEN: TOKEN,
      ALLOWED_CHANNELS: ' #one , two,,123 ',
      ALLOWED_ROLES: 'Ops Team, 456',
      NOTIFICATION_CHANNEL: ' #news ',
      DISCORD_API_URL: 'http://127.0.0.1:1/api/',
      DISCORD_GUILD_ID: '123456789012345678',
      TZ: 'Europe/Berlin',
    });
    expect(discord).toMatchObject({
      allowedChannels: ['one', 'two', '123'],
      allowedRoles: ['Ops Team', '456'],
      notificationChannel: 'news',
      apiUrl: 'http://127.0.0.1:1/api',
      guildId: '123456789012345678',
      timeZone: 'Europe/Berlin',
    });
  });

  it.each([
    ['1', 60_000],
    ['0.5', 30_000],
    ['0.05', 3000],
    ['1.005', 60_300],
    ['0.0033333', 200],
    ['43200', 2_592_000_000],
  ])('LEASE_MINUTES=%s is %s whole milliseconds', (text, ms) => {
    expect(readConfig({ LEASE_MINUTES: text }).queue.leaseMs).toBe(ms);
  });
});

const GOOD: Readonly<Record<string, readonly string[]>> = {
  API_PORT: ['0', '1', '65535', ' 80 '],
  API_HOST: ['127.0.0.1', '::', 'localhost', 'host.example'],
  API_KEY: ['x', '!~#"', 'x'.repeat(500), 'athena-homelab-key'],
  DB_PATH: ['a.db', '/tmp/a b/tasks.db', './data/täglich.db'],
  MAX_ATTEMPTS: ['1', '1000'],
  LOG_LEVEL: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
  TZ: ['UTC', 'America/New_York', 'Asia/Kolkata'],
  DISCORD_API_URL: ['http://127.0.0.1:8080/api', 'https://proxy.example/x/api'],
  ALLOWED_ROLES: ['a', 'a,b'],
  SUBMIT_ROLES: ['a', 'a,b'],
  MANAGE_ROLES: ['a', 'a,b'],
  OWNERS: ['123456789012345678', '123456789012345678, 223456789012345678'],
  MAX_OPEN_PER_PERSON: ['1', '100000'],
  MAX_SUBMISSIONS_PER_HOUR: ['1', '100000'],
  TRUSTED_PROXIES: ['127.0.0.1', '10.0.0.0/8, ::1', 'fd00::/8', '0.0.0.0/0'],
  API_BEHIND_TLS: ['yes', 'no'],
  BACKUP_DIR: ['backups', '/mnt/b c/'],
  BACKUP_KEEP: ['1', '1000'],
  BACKUP_EVERY_HOURS: ['0.5', '24', '720'],
  RETENTION_DAYS: ['1', '36500'],
  MESSAGE_DAYS: ['1', '36500'],
  TRANSCRIPT_DAYS: ['1', '36500'],
  ARCHIVE_DIR: ['archive', '/mnt/archive/'],
};

const BAD: Readonly<Record<string, readonly string[]>> = {
  DISCORD_TOKEN: ['with space', 'line\nbreak', 'schlüssel'],
  API_PORT: ['-1', '65536', '80.5', 'http', '1e3', '0x50', '８０', '80,81', 'NaN', 'Infinity'],
  API_HOST: ['two hosts', 'höst'],
  API_KEY: ['two words', 'schlüssel', 'x'.repeat(501), 'a\u0000b'],
  DB_PATH: ['folder/', 'a\u0000b'],
  ALLOWED_CHANNELS: [',', ' , ,', '#'],
  ALLOWED_ROLES: [',', ' , '],
  SUBMIT_ROLES: [',', ' , '],
  MANAGE_ROLES: [',', ' , '],
  OWNERS: ['@somebody', '123', '123456789012345678 223456789012345678'],
  MAX_OPEN_PER_PERSON: ['0', '-1', '1.5', '100001', 'many'],
  MAX_SUBMISSIONS_PER_HOUR: ['0', '-1', '1.5', '100001', 'many'],
  TRUSTED_PROXIES: [',', 'proxy.example', '10.0.0.0/33', '::1/129', '10.0.0/8', '1.2.3.4/', '1.2.3.4/8/8'],
  API_BEHIND_TLS: ['true', 'YES', '1', 'perhaps'],
  BACKUP_DIR: ['a\u0000b'],
  BACKUP_KEEP: ['0', '1001', '2.5', 'seven'],
  BACKUP_EVERY_HOURS: ['0', '721', 'daily'],
  RETENTION_DAYS: ['0', '0.5', '36501', 'a year'],
  MESSAGE_DAYS: ['0', '0.5', '36501', 'a month'],
  TRANSCRIPT_DAYS: ['0', '0.5', '36501', 'a month'],
  ARCHIVE_DIR: ['a\u0000b'],
  NOTIFICATION_CHANNEL: ['a,b', '#'],
  DISCORD_GUILD_ID: ['my-server', '123', '1'.repeat(22), '-123456789012345678'],
  DISCORD_API_URL: [
    'discord.com/api',
    'ftp://x/api',
    'javascript:alert(1)',
    '/api',
    'https://user:planted@proxy.example/api',
    'https://user@proxy.example/api',
  ],
  LEASE_MINUTES: ['0', '-5', '0.0001', '43201', 'two hours', '1e9', '1,5', 'Infinity'],
  MAX_ATTEMPTS: ['0', '-1', '1.5', '1001', 'three'],
  TZ: ['Mars/Olympus', 'Europe/Nowhere', '+25:00'],
  LOG_LEVEL: ['loud', 'INFO', 'true'],
};

describe('each variable', () => {
  it.each(Object.entries(GOOD))('%s takes every good value', (name, values) => {
    for (const value of values) expect(problems({ [name]: value })).toEqual([]);
  });

  it.each(Object.entries(BAD))('%s refuses every bad value by name, and never shows it', (name, values) => {
    for (const value of values) {
      const found = problems({ [name]: value });
      expect(found.length, value).toBeGreaterThan(0);
      for (const problem of found) expect(problem).toMatch(new RegExp(`^${name} must .*\\.$`));
      if (value.length > 5) expect(found.join()).not.toContain(value);
    }
  });

  it('that is wrong is listed with all the others at once', () => {
    const environment = Object.fromEntries(Object.entries(BAD).map(([name, [value]]) => [name, value ?? '']));
    const named = new Set(problems(environment).map((problem) => problem.split(' ')[0]));
    expect([...named].sort()).toEqual(Object.keys(BAD).sort());
  });

  it('is named in a message that stands on lines of its own', () => {
    expect(() => readConfig({ API_PORT: 'x', TZ: 'y' })).toThrow(
      /^The configuration is not usable:\n {2}API_PORT .*\n {2}TZ .*$/,
    );
  });
});
