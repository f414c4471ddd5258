/**
 * A git host on 127.0.0.1: bare repositories behind git's own `http-backend`, with one token that must be shown.
 * It can be told to misbehave, and remembers what it was asked with which credentials.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { AddressInfo } from 'node:net';

export const GIT_TOKEN = 'fake-git-token-0123456789';

export type Behaviour =
  | { readonly kind: 'serve' }
  | { readonly kind: 'refuse'; readonly status: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Ends the connection after so many bytes of a pack or of an answer to a push. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
}

export interface GitServer {
  readonly origin: string;
  readonly root: string;
  readonly seen: SeenRequest[];
  urlOf(name: string): string;
  /** From now on; `serve` is how it begins. */
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function startGitServer(): Promise<GitServer> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-git-'));
  const seen: SeenRequest[] = [];
  let behaviour: Behaviour = { kind: 'serve' };
  const server = http.createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, url, authorization: headers.authorization });
    answer({ incoming, outgoing, root }, behaviour);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    root,
    seen,
    urlOf: (name) => `${origin}/${name}.git`,
    behave(next) {
      behaviour = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

interface Asked {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly root: string;
}

function answer(asked: Asked, behaviour: Behaviour): void {
  const { incoming, outgoing } = asked;
  if (behaviour.kind === 'hang') return;
  if (behaviour.kind === 'refuse') {
    outgoing.writeHead(behaviour.status, { 'www-authenticate': 'Basic realm="git"' }).end('no');
    return;
  }
  if (behaviour.kind === 'redirect' && !(incoming.url ?? '').startsWith('/moved/')) {
    outgoing.writeHead(301, { location: `${behaviour.to}${incoming.url ?? ''}` }).end();
    return;
  }
  if (!isAllowed(incoming)) {
    outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you');
    return;
  }
  const isPack = incoming.method === 'POST';
  runBackend(asked, behaviour.kind === 'cut' && isPack ? behaviour.afterBytes : undefined);
}

function isAllowed({ headers }: IncomingMessage): boolean {
  const [, packed = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  return Buffer.from(packed, 'base64').toString().endsWith(`:${GIT_TOKEN}`);
}

/** CGI, as RFC 3875 has it: headers, an empty line, a body. */
function runBackend({ incoming, outgoing, root }: Asked, cutAfter: number | undefined): void {
  const { pathname, search } = new URL(incoming.url ?? '/', 'http://localhost');
  const header = (name: string) => String(incoming.headers[name] ?? '');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      PATH_INFO: pathname.replace(/^\/moved/, ''),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: incoming.method,
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      REMOTE_USER: 'worker',
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  child.stdin.on('error', () => {});
  incoming.pipe(child.stdin);
  outgoing.once('close', () => child.kill('SIGKILL'));
  let head = Buffer.alloc(0);
  let sent = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    let body = chunk;
    if (!outgoing.headersSent) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      writeHead(outgoing, head.toString('latin1', 0, end));
      body = head.subarray(end + 4);
    }
    sent += body.length;
    if (cutAfter !== undefined && sent > cutAfter) {
      outgoing.write(body.subarray(0, Math.max(0, body.length - (sent - cutAfter))));
      setImmediate(() => outgoing.destroy());
      child.stdout.removeAllListeners('data');
      return;
    }
    outgoing.write(body);
  });
  child.once('close', () => {
    if (cutAfter === undefined) outgoing.end();
    else outgoing.destroy();
  });
}

function writeHead(outgoing: ServerResponse, text: string): void {
  const fields = text.split('\r\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
  const status = fields.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200';
  const rest = fields.filter(([name]) => name.toLowerCase() !== 'status');
  outgoing.writeHead(Number.parseInt(status, 10), Object.fromEntries(rest));
}

/** Git as a person uses it, on a repository of the test. */
export function git(folder: string, ...args: string[]): string {
  const who = { NAME: 'Someone', EMAIL: 'someone@example.org' };
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: who.NAME,
      GIT_AUTHOR_EMAIL: who.EMAIL,
      GIT_COMMITTER_NAME: who.NAME,
      GIT_COMMITTER_EMAIL: who.EMAIL,
    },
  }).trim();
}

/** A bare repository with the files as one commit on `main`. Returns its folder. */
export function makeRepository(root: string, name: string, files: Readonly<Record<string, string>>): string {
  const bare = path.join(root, `${name}.git`);
  git(root, 'init', '-q', '--bare', '--initial-branch=main', bare);
  commitTo(bare, files);
  return bare;
}

/** One more commit on a branch of a bare repository, the way somebody else would make it. Returns its id. */
export function commitTo(bare: string, files: Readonly<Record<string, string>>, branch = 'main'): string {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-commit-'));
  try {
    git(work, 'init', '-q', '--initial-branch=work');
    const has = git(bare, 'for-each-ref', `refs/heads/${branch}`) !== '';
    if (has) git(work, 'pull', '-q', bare, branch);
    for (const [file, text] of Object.entries(files)) {
      fs.mkdirSync(path.join(work, path.dirname(file)), { recursive: true });
      fs.writeFileSync(path.join(work, file), text);
    }
    git(work, 'add', '-A', '-f');
    git(work, 'commit', '-q', '--allow-empty', '-m', `Change ${Object.keys(files).join(', ')}`);
    git(work, 'push', '-q', bare, `HEAD:refs/heads/${branch}`);
    return git(work, 'rev-parse', 'HEAD');
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}
