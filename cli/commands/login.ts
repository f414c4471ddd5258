/** Asks for server and key, tries them, and saves them only if they work. */
import type { Given, Outcome } from '../command.ts';
import {
  DEFAULT_URL,
  configFile,
  parseKey,
  parseUrl,
  readConfig,
  saveConfig,
  type SavedConfig,
} from '../config.ts';
import { createDeps, type Deps } from '../deps.ts';
import { ClientError, codeOf, usageError } from '../errors.ts';
import { hideKey, safeLine } from '../text.ts';

interface Entered {
  readonly url: string;
  readonly key: string;
}

export async function run(deps: Deps, { words }: Given): Promise<Outcome> {
  const file = configFile(deps.host);
  const saved = savedOrNothing(deps, file);
  const url = words[0] === undefined ? undefined : parseUrl(words[0].trim(), 'The URL');
  const standard = deps.host.env['ATHENA_API_URL'] || saved.api_url || DEFAULT_URL;
  const entered = deps.io.isInteractive ? await ask(deps, url, standard) : await read(deps, url, standard);
  const apiUrl = parseUrl(entered.url.trim(), 'The URL');
  const apiKey = parseKey(entered.key.trim() || undefined, 'The API key');
  if (apiKey === undefined) throw usageError('No API key was given.', HOW);
  await test(deps, apiUrl, apiKey);
  save(file, { ...saved, api_url: apiUrl, api_key: apiKey });
  const { ATHENA_API_URL, ATHENA_API_KEY } = deps.host.env;
  if (ATHENA_API_URL || ATHENA_API_KEY)
    deps.io.note('ATHENA_API_URL and ATHENA_API_KEY, where set, still win.');
  return {
    json: { status: 'saved', api_url: apiUrl, config_file: file },
    lines: [`✅ Connected to ${apiUrl}; saved in ${safeLine(file)}`],
  };
}

const HOW = 'Example: claude-task-client login http://athena.local:5051 < key-file';

async function ask({ io }: Deps, url: string | undefined, standard: string): Promise<Entered> {
  const typed = url ?? (await io.ask(`Athena's URL [${safeLine(standard)}]: `)).trim();
  return { url: typed || standard, key: await io.askSecret('API key (not shown): ') };
}

/** From a pipe: the key, before it the URL where that was not given as a word. */
async function read({ io }: Deps, url: string | undefined, standard: string): Promise<Entered> {
  const lines = (await io.readAll()).split(/\r?\n/);
  if (url !== undefined) return { url, key: lines[0] ?? '' };
  const [first = '', second] = lines;
  return second === undefined
    ? { url: standard, key: first }
    : { url: first.trim() || standard, key: second };
}

/** The same calls as ever, with what was typed in place of all that is configured. */
async function test(deps: Deps, apiUrl: string, apiKey: string): Promise<void> {
  const typed = { ATHENA_API_URL: apiUrl, ATHENA_API_KEY: apiKey };
  const nobody = { CLAUDE_INSTANCE: 'login', CLAUDE_INSTANCE_NAME: 'login' };
  const trial = createDeps({ ...deps.host, env: { ...deps.host.env, ...typed, ...nobody } }, deps.isJson);
  try {
    await trial.api().stats();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const next = error.facts.status === 401 ? 'Check the key' : 'Check the URL';
    const message = hideKey(error.message, apiKey);
    throw new ClientError(error.code, message, { ...error.facts, hint: `${next}; nothing was saved.` });
  } finally {
    trial.close();
  }
}

/** A file that cannot be used is what this command repairs. */
function savedOrNothing({ io }: Deps, file: string): SavedConfig {
  try {
    return readConfig(file);
  } catch (error) {
    io.note(safeLine(`⚠️ ${error instanceof Error ? error.message : String(error)} It will be replaced.`));
    return {};
  }
}

function save(file: string, config: SavedConfig): void {
  try {
    saveConfig(file, config);
  } catch (error) {
    const message = `${file} cannot be written (${codeOf(error) || 'unknown'}).`;
    throw new ClientError('bad_config', message, { hint: 'Make its folder writable; nothing was saved.' });
  }
}
