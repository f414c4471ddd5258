/** Whom to talk to and as whom: the environment first, then the file that `login` wrote, then defaults. */
import path from 'node:path';
import { ClientError, codeOf } from './errors.ts';
import { readIfThere, writePrivate } from './files.ts';
import { configFolder, type Place } from './folders.ts';

export const DEFAULT_URL = 'http://127.0.0.1:5051';
const NAME_LENGTH = 100;

export interface ClientConfig {
  /** Without a slash at its end; may carry the path under which a proxy serves Athena. */
  readonly apiUrl: string;
  /** Undefined is sent as no key: the server says what it thinks of that. */
  readonly apiKey: string | undefined;
  readonly instanceId: string;
  readonly instanceName: string;
}

export interface ConfigSource extends Place {
  readonly hostname: string;
}

export interface SavedConfig {
  readonly api_url?: string;
  readonly api_key?: string;
  readonly instance?: string;
  readonly instance_name?: string;
}

export function configFile(place: Place): string {
  const rules = place.platform === 'win32' ? path.win32 : path.posix;
  return rules.join(configFolder(place), 'config.json');
}

export function loadConfig(source: ConfigSource): ClientConfig {
  const { env } = source;
  const named = {
    url: given(env['ATHENA_API_URL']),
    key: given(env['ATHENA_API_KEY']),
    instance: given(env['CLAUDE_INSTANCE']),
    name: given(env['CLAUDE_INSTANCE_NAME']),
  };
  // A file that has nothing to add is not read, and cannot be in the way.
  const isWhole = Object.values(named).every((value) => value !== undefined);
  const saved = isWhole ? {} : readConfig(configFile(source));
  return {
    apiUrl: urlFrom(named.url, given(saved.api_url)),
    apiKey: keyFrom(named.key, given(saved.api_key)),
    ...identity(named, saved, source.hostname),
  };
}

function urlFrom(named: string | undefined, saved: string | undefined): string {
  if (named !== undefined) return parseUrl(named, 'ATHENA_API_URL');
  return saved === undefined ? DEFAULT_URL : parseUrl(saved, 'The saved URL');
}

function keyFrom(named: string | undefined, saved: string | undefined): string | undefined {
  return named === undefined ? parseKey(saved, 'The saved API key') : parseKey(named, 'ATHENA_API_KEY');
}

/** A name in the file belongs to the instance in the file, if that names one. */
function identity(
  named: { instance: string | undefined; name: string | undefined },
  saved: SavedConfig,
  hostname: string,
): Pick<ClientConfig, 'instanceId' | 'instanceName'> {
  const savedInstance = given(saved.instance);
  const instanceId = named.instance ?? savedInstance ?? (hostname.slice(0, NAME_LENGTH) || 'unnamed');
  const isSavedInstance = savedInstance === undefined || savedInstance === instanceId;
  const name = named.name ?? (isSavedInstance ? given(saved.instance_name) : undefined) ?? instanceId;
  return {
    instanceId: parseName(instanceId, 'CLAUDE_INSTANCE'),
    instanceName: parseName(name, 'CLAUDE_INSTANCE_NAME'),
  };
}

function given(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

const FIELDS = ['api_url', 'api_key', 'instance', 'instance_name'] as const;

export function readConfig(file: string): SavedConfig {
  const value = parseFile(file);
  const wrong = FIELDS.find((field) => value[field] != null && typeof value[field] !== 'string');
  if (wrong !== undefined) throw unusable(file, `"${wrong}" is not text`);
  return value;
}

function parseFile(file: string): Record<string, unknown> {
  let text: string | undefined;
  try {
    text = readIfThere(file);
  } catch (error) {
    throw unusable(file, `cannot be read (${codeOf(error)})`);
  }
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The parser's own words may quote the file, and with it the key.
  }
  throw unusable(file, 'is not a JSON object');
}

function unusable(file: string, why: string): ClientError {
  const hint = 'Run "claude-task-client login" to write it anew, or remove it.';
  return new ClientError('bad_config', `The configuration file ${file} ${why}.`, { hint });
}

export function saveConfig(file: string, saved: SavedConfig): void {
  writePrivate(file, `${JSON.stringify(saved, null, 2)}\n`);
}

/** A usable base URL, or an error that does not repeat the value: it may hold a password. */
export function parseUrl(text: string, what: string): string {
  const hint = `Use the form ${DEFAULT_URL}.`;
  const bad = (why: string) => new ClientError('bad_config', `${what} ${why}.`, { hint });
  // The URL parser would quietly drop line breaks and tabs.
  if (/[\s\u0000-\u001f\u007f-\u009f\\]/.test(text)) throw bad('contains blanks or control characters');
  if (!URL.canParse(text)) throw bad('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw bad('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw bad('must not contain a user name or password');
  if (url.search !== '' || url.hash !== '') throw bad('must not contain "?" or "#"');
  return url.origin + url.pathname.replace(/\/+$/, '');
}

export function parseKey(text: string | undefined, what: string): string | undefined {
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text;
  const hint = 'Copy it again from the server (file "api-key" beside the database, or API_KEY).';
  throw new ClientError('bad_config', `${what} contains characters that no key has.`, { hint });
}

function parseName(text: string, what: string): string {
  if (text.length <= NAME_LENGTH && !/[\u0000-\u001f\u007f-\u009f]/.test(text)) return text;
  const message = `${what} must be 1 to ${NAME_LENGTH} characters without control characters.`;
  throw new ClientError('bad_config', message, { hint: 'Set it to a short name for this machine.' });
}
