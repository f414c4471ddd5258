/** Listens and drains. Slow and half-sent requests end here, before any handler waits for them. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from '../core/ports.ts';
import { guardConnections, type ConnectionLimits } from './connections.ts';
import type { HttpApp } from './env.ts';
import { createTrustedProxies } from './proxies.ts';
import { watchBody } from './slow-bodies.ts';
import { createTurns } from './turns.ts';
import {
  answerClientError,
  answerExpectation,
  answerUnreadable,
  answerWithoutHost,
  lacksOneHost,
} from './unreadable.ts';

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets running requests end, and cuts what is left after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly trustedProxies?: readonly string[];
  readonly logger: Pick<Logger, 'warn'>;
  readonly patience?: Patience;
  readonly limits?: ConnectionLimits;
}

/** Milliseconds to receive the headers, a body, and a request whole; waiting for its answer does not count. */
interface Patience {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** The most that any upload gets: 16 MiB at a quarter of a megabit a second. */
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
}

const PATIENCE: Patience = {
  headersTimeout: 10_000,
  bodyTimeout: 30_000,
  requestTimeout: 600_000,
  connectionsCheckingInterval: 2000,
};
const KEEP_ALIVE_MS = 65_000;
/** The system asks a silent peer after this whether it is still there: a claim does not wait for a dead machine. */
const PROBE_AFTER_MS = 15_000;
const MAX_HEADER_BYTES = 16 * 1024;
const TIDY_MS = 50;
/** To read the refusal in. */
const FAREWELL_MS = 1000;
/** Twice what may wait, so that waiting claims never lock others out; each costs some 50 kB. */
const MAX_CONNECTIONS = 4000;
/**
 * One address may stand for a whole house: a router, or a proxy that nobody declared. So all claims that may
 * wait fit into its share, with as many calls beside them as it takes; the rest stays free for the others.
 */
const LIMITS: ConnectionLimits = { perAddress: 3000, readMs: 60_000 };

/** Rejects when the address cannot be listened on. */
export async function listen(app: Pick<HttpApp, 'fetch'>, options: ListenOptions): Promise<HttpServer> {
  const {
    host,
    port,
    patience: { bodyTimeout, ...patience } = PATIENCE,
    limits = LIMITS,
    trustedProxies = [],
    logger,
  } = options;
  const answer = getRequestListener(app.fetch, {
    // HTTP/1.0 knows no Host header; the name is only needed to make a URL.
    hostname: 'localhost',
    errorHandler: answerUnreadable,
  });
  const how = {
    ...patience,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Said here because a flag in NODE_OPTIONS could otherwise turn the strict parser off.
    insecureHTTPParser: false,
    requireHostHeader: false,
  };
  const turns = createTurns((incoming, outgoing) => {
    watchBody(incoming, { bodyMs: bodyTimeout, late });
    if (lacksOneHost(incoming)) answerWithoutHost(outgoing);
    else void answer(incoming, outgoing);
  });
  const server = createServer(how, turns.handle);
  function refuse(error: Error, socket: Socket): void {
    turns.refuse(socket, () => {
      answerClientError(error, socket);
    });
  }
  /** The same as Node does for a whole request, and then whoever goes on sending is not listened to. */
  function late({ socket }: IncomingMessage): void {
    refuse(Object.assign(new Error('The body took too long.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  }
  server.maxConnections = MAX_CONNECTIONS;
  guardConnections(server, { limits, isTrustedProxy: createTrustedProxies(trustedProxies), logger });
  server.on('clientError', refuse);
  server.on('checkExpectation', answerExpectation);
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
