/**
 * A loopback server for one operation of git on one repository. Git talks to a random path of it without credentials;
 * the proxy adds them on the way to the repository's own origin, and nowhere else. It serves only what a fetch or
 * that one push needs, follows redirects inside the origin, and is gone when the operation is.
 */
import { randomBytes } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { request, type Dispatcher } from 'undici';
import { codeOf } from '../errors.ts';
import { GitError, gitError } from './git-fault.ts';
import { filteredPush, PushRefused, type AllowedRefs } from './push-filter.ts';

export interface GitProxyOptions {
  /** The project's repository, over http or https; may carry a user. */
  readonly repo: string;
  readonly token: string | undefined;
  /** What may be pushed; null: only fetching is served. */
  readonly push: AllowedRefs | null;
  /** Asked right before what is pushed goes out, which may be long after git was started; left out: it may. */
  readonly mayPush?: (() => Promise<boolean>) | undefined;
  readonly dispatcher: Dispatcher;
}

export interface GitProxy {
  /** To be given to git. */
  readonly url: string;
  /** What went wrong on the way to the repository: says more than git, which sees only the proxy. */
  problem(): GitError | undefined;
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 120_000;
/** Servers send a sign of life every few seconds while they pack. */
const BODY_TIMEOUT_MS = 120_000;
const MAX_REDIRECTS = 3;

const ASKED = [
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'git-protocol',
];
const ANSWERED = ['content-type', 'content-encoding', 'content-length', 'cache-control'];

export async function openGitProxy(options: GitProxyOptions): Promise<GitProxy> {
  const path = `/${randomBytes(24).toString('base64url')}`;
  const way = wayTo(options);
  const server = http.createServer((incoming, outgoing) => {
    serve({ incoming, outgoing }, { options, path, way }).catch((error: unknown) => {
      way.problem ??= toProblem(error);
      fail(outgoing);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    problem: () => way.problem,
    async close() {
      way.ended.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Way {
  /** Where the repository lies; moves within its origin when it is redirected. */
  base: string;
  readonly origin: string;
  readonly authorization: string | undefined;
  readonly dispatcher: Dispatcher;
  readonly ended: AbortController;
  problem: GitError | undefined;
}

function wayTo({ repo, token, dispatcher }: GitProxyOptions): Way {
  const url = new URL(repo);
  const user = userOf(url) || 'x-access-token';
  const credentials = Buffer.from(`${user}:${token ?? ''}`).toString('base64');
  return {
    base: url.origin + url.pathname.replace(/\/+$/, ''),
    origin: url.origin,
    authorization: token === undefined ? undefined : `Basic ${credentials}`,
    dispatcher,
    ended: new AbortController(),
    problem: undefined,
  };
}

function userOf({ username }: URL): string {
  try {
    return decodeURIComponent(username);
  } catch {
    throw gitError('unreachable', 'the user in its address is not well formed: correct "repo"');
  }
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

interface Serving {
  readonly options: GitProxyOptions;
  readonly path: string;
  readonly way: Way;
}

async function serve({ incoming, outgoing }: Exchange, { options, path, way }: Serving): Promise<void> {
  const service = options.push === null ? 'git-upload-pack' : 'git-receive-pack';
  const asked = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
  if (asked === `GET ${path}/info/refs?service=${service}`) {
    const answer = await askFollowing(way, `/info/refs?service=${service}`, incoming);
    return relay(answer, { incoming, outgoing }, way);
  }
  if (asked !== `POST ${path}/${service}`) {
    outgoing.writeHead(404).end();
    return;
  }
  if (options.push !== null && (await options.mayPush?.()) === false) {
    throw gitError('rejected', 'the lease was lost before the push');
  }
  const body = options.push === null ? incoming : Readable.from(filteredPush(incoming, options.push));
  const answer = await ask(way, { suffix: `/${service}`, incoming, body });
  return relay(answer, { incoming, outgoing }, way);
}

interface Asking {
  readonly suffix: string;
  readonly incoming: IncomingMessage;
  readonly body?: Readable;
}

function ask(way: Way, { suffix, incoming, body }: Asking): Promise<Dispatcher.ResponseData> {
  const headers = Object.fromEntries(
    ASKED.flatMap((name) => (incoming.headers[name] === undefined ? [] : [[name, incoming.headers[name]]])),
  ) as Record<string, string>;
  return request(way.base + suffix, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...headers,
      'user-agent': incoming.headers['user-agent'] ?? 'git',
      ...(way.authorization !== undefined && { authorization: way.authorization }),
    },
    body: body ?? null,
    dispatcher: way.dispatcher,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    signal: way.ended.signal,
  });
}

/** A renamed repository is followed within its origin, so that what comes after the first question finds it at once. */
async function askFollowing(
  way: Way,
  suffix: string,
  incoming: IncomingMessage,
): Promise<Dispatcher.ResponseData> {
  for (let hops = 0; ; hops += 1) {
    const answer = await ask(way, { suffix, incoming });
    if (answer.statusCode < 300 || answer.statusCode >= 400) return answer;
    await answer.body.dump();
    const location = String(answer.headers['location'] ?? '');
    const target = new URL(location, way.base + suffix);
    if (target.origin !== way.origin) {
      throw gitError(
        'unreachable',
        'it redirects to another host, where credentials are not sent: correct "repo"',
      );
    }
    const moved = target.href.slice(0, -suffix.length);
    if (!target.href.endsWith(suffix) || hops === MAX_REDIRECTS) {
      throw gitError('unreachable', 'it redirects to something that is no repository: correct "repo"');
    }
    way.base = moved;
  }
}

async function relay(answer: Dispatcher.ResponseData, { outgoing }: Exchange, way: Way): Promise<void> {
  const { statusCode } = answer;
  if (statusCode !== 200) {
    way.problem = problemOf(statusCode);
    await answer.body.dump();
    fail(outgoing);
    return;
  }
  const headers = ANSWERED.flatMap((name) => {
    const value = answer.headers[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  outgoing.writeHead(200, Object.fromEntries(headers));
  await pipeline(answer.body, outgoing);
}

/** Git asks for a password when it sees 401, and shows no body: the answer itself says nothing. */
function fail(outgoing: ServerResponse): void {
  if (outgoing.headersSent) outgoing.destroy();
  else outgoing.writeHead(502, { connection: 'close' }).end();
}

function problemOf(status: number): GitError {
  if (status === 401) return gitError('refused', 'it answers 401: is ATHENA_GIT_TOKEN set, and still valid?');
  if (status === 403) return gitError('refused', 'it answers 403: the token may not do this');
  if (status === 404) {
    return gitError(
      'unreachable',
      'it answers 404: there is no such repository, or the token may not see it',
    );
  }
  if (status >= 300 && status < 400)
    return gitError('unreachable', 'it redirects in the middle of an operation');
  return gitError('unreachable', `it answers ${status}`);
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ECONNRESET: 'the connection was lost',
  UND_ERR_SOCKET: 'the connection was lost',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in the middle',
  ETIMEDOUT: 'no connection in time',
};

function toProblem(error: unknown): GitError {
  if (error instanceof GitError) return error;
  if (error instanceof PushRefused)
    return gitError('rejected', `the proxy does not pass it on (${error.message})`);
  const code = codeOf(error);
  return gitError('unreachable', REASONS[code] ?? `the connection failed${code && ` (${code})`}`);
}
