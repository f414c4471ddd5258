/** Where a project's repository lies: over HTTP through the worker's proxy, over ssh, or on this machine's disk. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type RepositoryKind = 'http' | 'ssh' | 'local';

/** What is wrong with an address, without repeating it; undefined where it can be used. */
export function addressProblem(repo: string): string | undefined {
  if (repo.startsWith('-')) return 'must not begin with "-"';
  if (/^[a-z0-9+]+::/i.test(repo)) return 'must be an http(s), ssh or file URL, or a path';
  if (/^file:(?!\/\/[^/]*\/[^/])/i.test(repo)) return 'must be "file:///" and a path, or the path alone';
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(repo)) return undefined;
  return URL.canParse(repo) ? urlProblem(new URL(repo)) : 'must be a URL or a path';
}

function urlProblem(url: URL): string | undefined {
  if (!['http:', 'https:', 'ssh:', 'file:'].includes(url.protocol)) {
    return 'must be an http(s), ssh or file URL, or a path';
  }
  if (url.password !== '') return 'must not contain a password: set ATHENA_GIT_TOKEN in the environment';
  if (url.protocol === 'file:' && !['', 'localhost'].includes(url.hostname))
    return 'must be a file of this machine';
  if (!isDecodable(url)) return 'must have "%" only before the two hexadecimal digits of a character';
  return url.search === '' && url.hash === '' ? undefined : 'must not contain "?" or "#"';
}

/** As whoever uses it takes it apart: the user for the credentials, a file's path for the disk. */
function isDecodable(url: URL): boolean {
  try {
    decodeURIComponent(url.username);
    if (url.protocol === 'file:') fileURLToPath(url);
    return true;
  } catch {
    return false;
  }
}

export function kindOf(repo: string): RepositoryKind {
  if (/^https?:\/\//i.test(repo)) return 'http';
  if (/^ssh:\/\//i.test(repo)) return 'ssh';
  // `user@host:path`, as git reads it: a colon before the first slash.
  return /^[^/]+:/.test(repo) && !/^file:/i.test(repo) ? 'ssh' : 'local';
}

/** What the run's remote is called: never with a user, which may be half of a credential. */
export function publicAddress(repo: string): string {
  if (kindOf(repo) !== 'http') return repo;
  const url = new URL(repo);
  url.username = '';
  url.password = '';
  return url.href;
}

export function absoluteAddress(repo: string, folder: string, home = os.homedir()): string {
  if (kindOf(repo) !== 'local') return repo;
  if (/^file:/i.test(repo)) return fileURLToPath(repo);
  return path.resolve(folder, expandHome(repo, home));
}

export function expandHome(text: string, home: string): string {
  return text === '~' || text.startsWith('~/') ? path.join(home, text.slice(1)) : text;
}
