/** Listens and drains. Slow and half-sent requests end here, before any handler waits for them. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { COMMON_HEADERS, REQUEST_ID_HEADER } from './answers.ts';
import type { HttpApp } from './env.ts';

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets running requests end, and cuts what is left after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly patience?: Patience;
}

/** Milliseconds to receive the headers, and a request whole; waiting for its answer does not count. */
interface Patience {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
}

const PATIENCE: Patience = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2000,
};
const KEEP_ALIVE_MS = 65_000;
const TIDY_MS = 50;
/** Twice what may wait, so that waiting claims never lock others out; each costs some 50 kB. */
const MAX_CONNECTIONS = 4000;

/** Rejects when the address cannot be listened on. */
export async function listen(
  app: Pick<HttpApp, 'fetch'>,
  { host, port, patience = PATIENCE }: ListenOptions,
): Promise<HttpServer> {
  const answer = getRequestListener(app.fetch, {
    // HTTP/1.0 knows no Host header; the name is only needed to make a URL.
    hostname: 'localhost',
    errorHandler: answerUnreadable,
  });
  const server = createServer({ ...patience, keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, outgoing) => {
    void answer(incoming, outgoing);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, stop: (graceMs) => stop(server, graceMs) };
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
    }, graceMs);
    // A connection that is kept alive becomes idle only when its running request has been answered.
    const tidy = setInterval(() => {
      server.closeIdleConnections();
    }, TIDY_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(tidy);
      resolve();
    });
    server.closeIdleConnections();
  });
}

const NOT_HTTP = 'This is not a well-formed HTTP request.';

const CLIENT_ERRORS: Readonly<Record<string, { line: string; error: string; message: string }>> = {
  HPE_HEADER_OVERFLOW: {
    line: '431 Request Header Fields Too Large',
    error: 'invalid_input',
    message: 'The request headers are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    line: '408 Request Timeout',
    error: 'invalid_input',
    message: 'The request did not arrive whole in time.',
  },
};

/** What the parser refuses never becomes a request; it is answered in the same shape all the same. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const known = CLIENT_ERRORS[error.code ?? ''];
  const line = known?.line ?? '400 Bad Request';
  const body = JSON.stringify({
    error: known?.error ?? 'invalid_input',
    message: known?.message ?? NOT_HTTP,
  });
  const headers = { ...COMMON_HEADERS, [REQUEST_ID_HEADER]: randomUUID(), connection: 'close' };
  const head = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  const lines = [`HTTP/1.1 ${line}`, ...head.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** A request whose target or Host makes no URL never reaches the app. Anything else here is a bug. */
function answerUnreadable(error: unknown): Response {
  const body =
    error instanceof RequestError
      ? { error: 'invalid_input', message: 'The request names no usable path or host.' }
      : { error: 'internal', message: 'Something went wrong.' };
  return new Response(JSON.stringify(body), {
    status: error instanceof RequestError ? 400 : 500,
    headers: { ...COMMON_HEADERS, [REQUEST_ID_HEADER]: randomUUID() },
  });
}
