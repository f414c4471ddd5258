/** The environment: what is wrong in it, what is set and does nothing, and what looks like a slip of the pen. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { weaknessOf } from '../../api-key.ts';
import { ConfigError, readConfig, VARIABLES, type Config } from '../../config.ts';
import { ok, problem, warning, type Finding } from '../../core/finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What means nothing while another one is not set. */
const NEEDS: readonly [needed: string, names: readonly string[]][] = [
  [
    'DISCORD_TOKEN',
    ['DISCORD_GUILD_ID', 'TASK_FORUM', 'ALLOWED_ROLES', 'SUBMIT_ROLES', 'MANAGE_ROLES', 'OWNERS'].concat([
      'MAX_OPEN_PER_PERSON',
      'MAX_SUBMISSIONS_PER_HOUR',
      'THREAD_REPLIES',
    ]),
  ],
  ['BACKUP_DIR', ['BACKUP_KEEP', 'BACKUP_EVERY_HOURS']],
  ['RETENTION_DAYS', ['ARCHIVE_DIR']],
];

/** As `.env.example` has them; whoever copied it meant nothing by it. */
const USUAL: Readonly<Record<string, string>> = {
  BACKUP_KEEP: '7',
  BACKUP_EVERY_HOURS: '24',
  THREAD_REPLIES: 'off',
};

export interface Settings {
  /** With the defaults in the place of what is wrong, so that the rest can be looked at. */
  readonly config: Config;
  readonly findings: readonly Finding[];
}

export function examineSettings(environment: Environment, folder: string): Settings {
  const { config, problems } = readAsFarAsPossible(environment);
  const isSet = (name: string) => Boolean(environment[name]?.trim());
  const count = VARIABLES.filter(isSet).length;
  const wrong = problems.map((said) => {
    const [name = '', ...rest] = said.split(' ');
    return problem(name, rest.join(' '), 'The server does not start with it: correct it.');
  });
  const useless = NEEDS.flatMap(([needed, names]) =>
    isSet(needed)
      ? []
      : names
          .filter((name) => isSet(name) && environment[name]?.trim() !== USUAL[name])
          .map((name) =>
            warning(name, `does nothing while ${needed} is not set`, `Set ${needed}, or leave it out.`),
          ),
  );
  const usable = ok('variables', `${count} set, ${count - wrong.length} usable`);
  return {
    config,
    findings: [
      usable,
      ...wrong,
      ...useless,
      ...risksOf(config),
      ...slips(environment),
      ...unread(folder, isSet),
    ],
  };
}

/** What the server starts with, and what an owner may not have meant. */
function risksOf({ apiKey, discord }: Config): readonly Finding[] {
  const weakness = apiKey === null ? null : weaknessOf(apiKey);
  const weak = weakness === null ? [] : [warning('API_KEY', weakness, 'Make one with: openssl rand -hex 24')];
  const isOpen =
    discord !== null &&
    discord.submitRoles.length > 0 &&
    discord.manageRoles.length + discord.allowedRoles.length === 0;
  const half =
    'is set alone: everybody in the channel may still change tasks, cancel them and pause the queue';
  return isOpen ? [...weak, warning('SUBMIT_ROLES', half, 'Set MANAGE_ROLES as well.')] : weak;
}

function readAsFarAsPossible(environment: Environment): { config: Config; problems: readonly string[] } {
  try {
    return { config: readConfig(environment), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const wrong = new Set(error.problems.map((said) => said.split(' ')[0]));
    const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !wrong.has(name)));
    return { config: readConfig(rest), problems: error.problems };
  }
}

/** `DISCORD_TOKENS`, `API_PROT`: set, and read by nobody. */
function slips(environment: Environment): readonly Finding[] {
  return Object.keys(environment).flatMap((name) => {
    if (VARIABLES.includes(name) || name.length < 5) return [];
    const meant = VARIABLES.find((known) => known.length >= 5 && isNear(name.toUpperCase(), known));
    if (meant === undefined) return [];
    return [warning(name, 'is no setting of Athena', `If ${meant} was meant, write it so.`)];
  });
}

/** One letter more, less or other, or two that changed places. */
function isNear(word: string, known: string): boolean {
  if (word === known) return true;
  if (Math.abs(word.length - known.length) > 1) return false;
  let start = 0;
  while (start < word.length && word[start] === known[start]) start += 1;
  let end = 0;
  const most = Math.min(word.length, known.length) - start;
  while (end < most && word.at(-1 - end) === known.at(-1 - end)) end += 1;
  const [a, b] = [word.slice(start, word.length - end), known.slice(start, known.length - end)];
  return a.length + b.length <= 2 || (a.length === 2 && a === `${b.charAt(1)}${b.charAt(0)}`);
}

/** Athena reads no file of settings itself: compose, systemd or the shell do. */
function unread(folder: string, isSet: (name: string) => boolean): readonly Finding[] {
  const file = join(folder, '.env');
  if (!existsSync(file)) return [];
  try {
    const names = readFileSync(file, 'utf8').match(/^\s*(?:export\s+)?[A-Z_]+(?==.)/gm) ?? [];
    const known = names
      .map((name) => name.replace('export', '').trim())
      .filter((name) => VARIABLES.includes(name));
    if (known.length === 0 || known.some(isSet)) return [];
    return [
      warning('.env', 'is there, but nothing of it is set here', 'Load it first: set -a; . ./.env; set +a'),
    ];
  } catch {
    return [];
  }
}
