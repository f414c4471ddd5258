/**
 * One request, one answer as text. On `node:http` rather than undici: loading undici and reading one answer with
 * it takes a process 2 to 3 times as long as `node -e 0`, this takes 1.3 times. Redirects are not followed, so
 * the key goes nowhere but where it was meant to go.
 */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { ClientError, codeOf, type FailureFacts } from './errors.ts';
import type { OutsideLookup } from './lookup.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** From the first attempt to connect to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** More than this is refused; 8 MiB where nothing is said. */
  readonly largestBytes?: number | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** `bytes` as UTF-8, made when it is asked for. */
  readonly text: string;
}

export interface Transport {
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Lets go of idle connections, so that the process can end. */
  close(): void;
}

const MEBIBYTE = 1024 * 1024;
const LARGEST_ANSWER = 8 * MEBIBYTE;

/** With `outside`, host names are looked up by another process; see `lookup.ts`. */
export function createTransport(outside?: OutsideLookup): Transport {
  const agents = new Map<string, Agent>();
  return {
    send(request) {
      const isSecure = request.url.startsWith('https:');
      // Loaded here: only commands that talk to a server pay for it.
      const http = process.getBuiltinModule(isSecure ? 'node:https' : 'node:http');
      const agent = agents.get(isSecure ? 's' : '') ?? new http.Agent({ keepAlive: true });
      agents.set(isSecure ? 's' : '', agent);
      const { method, headers } = request;
      const needsLookup = outside !== undefined && new URL(request.url).hostname !== 'localhost';
      const how = { method, headers, agent, ...(needsLookup && { lookup: outside.lookup }) };
      return exchange(http.request(request.url, how), request);
    },
    close() {
      outside?.stop();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function exchange(outgoing: ClientRequest, request: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => outgoing.destroy(noAnswer(request.timeoutMs)), request.timeoutMs);
    const stop = () => outgoing.destroy(new ClientError('interrupted', 'Interrupted.'));
    request.signal.addEventListener('abort', stop);
    const settle = (act: () => void) => {
      clearTimeout(late);
      request.signal.removeEventListener('abort', stop);
      act();
    };
    const fail = (error: unknown) => {
      settle(() => {
        reject(toClientError(error));
      });
      outgoing.destroy();
    };
    if (request.signal.aborted) stop();
    outgoing.once('response', (incoming) => {
      read(incoming, request.largestBytes ?? LARGEST_ANSWER).then((answer) => {
        settle(() => {
          resolve(answer);
        });
      }, fail);
    });
    // Stays for good: an error after the answer was read concerns nobody, and must not end the process.
    outgoing.on('error', fail);
    outgoing.end(request.body);
  });
}

async function read(incoming: IncomingMessage, largestBytes: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= largestBytes) chunks.push(chunk);
    else throw badAnswer(`The answer of the server is larger than ${largestBytes / MEBIBYTE} MiB.`);
  }
  if (!incoming.complete) throw unreachable('the connection was lost in the middle of the answer');
  const bytes = Buffer.concat(chunks);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    bytes,
    get text() {
      return bytes.toString('utf8');
    },
  };
}

export function badAnswer(message: string): ClientError {
  const hint = 'Check that ATHENA_API_URL (or the saved URL) points to Athena itself.';
  return new ClientError('bad_answer', message, { isForeign: true, hint });
}

function unreachable(why: string, facts: FailureFacts = { isTransient: true }): ClientError {
  return new ClientError('unreachable', why, facts);
}

function noAnswer(timeoutMs: number): ClientError {
  const facts = { isTransient: true, isTimeout: true };
  return unreachable(`no answer within ${Math.round(timeoutMs / 100) / 10} s`, facts);
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
};

/** Lost in any way: worth another try. No HTTP at all, or a certificate that nobody trusts: not. */
function toClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const code = codeOf(error);
  if (code.startsWith('HPE_')) return badAnswer('The server does not speak HTTP.');
  const isTls =
    code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || /CERT|SELF_SIGNED|UNABLE_TO/.test(code);
  if (isTls || code === 'EPROTO') return unreachable(`no secure connection (${code})`, { isForeign: true });
  return unreachable(REASONS[code] ?? `the connection failed${code && ` (${code})`}`);
}
