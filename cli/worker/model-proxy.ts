/**
 * A loopback server between one run and the model. The run knows a random token that is worth nothing elsewhere; the
 * real credential is added on the way out and is in no environment, argument or file. It holds the budget, counts what
 * is used, cuts streams that stalled, remembers why the API refuses, and is gone when the run is.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Totals } from './executor.ts';
import { createExchange, type Exchange } from './model-exchange.ts';
import type { ModelProxyOptions } from './model-proxy-options.ts';
import { createRequestQueue } from './model-queue.ts';
import { isNo, no, readRequest, refuseCall, type ModelRequest, type No } from './model-request.ts';
import { createModelTally, spentOf } from './model-tally.ts';

export interface ModelProxy {
  readonly url: string;
  /** What the run shows instead of a credential. */
  readonly token: string;
  totals(): Totals;
  /** Nothing new goes out any longer; what is open is told to its end. */
  shut(): void;
  /** Nothing goes out any longer, and what is open is cut. */
  refuse(): void;
  close(): Promise<void>;
}

export async function openModelProxy(options: ModelProxyOptions): Promise<ModelProxy> {
  const token = `athena-run-${randomBytes(24).toString('base64url')}`;
  const gate = createGate(options, token);
  const server = http.createServer((incoming, outgoing) => {
    outgoing.on('error', () => {});
    gate.serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    totals: gate.totals,
    shut: gate.shut,
    refuse: gate.refuse,
    async close() {
      gate.refuse();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Gate {
  serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  readonly totals: () => Totals;
  readonly shut: () => void;
  readonly refuse: () => void;
}

function createGate(options: ModelProxyOptions, token: string): Gate {
  const tally = createModelTally(options.models[0] ?? '');
  const exchanges = new Set<Exchange>();
  const queue = createRequestQueue(options.left, tally.totals);
  let isRefusing = false;
  const told = () => {
    options.events.totals(tally.totals());
  };

  async function answer(asked: ModelRequest | No, { headers }: IncomingMessage, outgoing: ServerResponse) {
    const request = admitted(asked, options, { isRefusing, totals: tally.totals() });
    if (isNo(request)) deny(outgoing, request);
    if (isNo(request) || outgoing.destroyed) return;
    const exchange = createExchange({ request, headers, outgoing }, { ...options, tally, told });
    exchanges.add(exchange);
    await exchange.over;
    exchanges.delete(exchange);
  }

  return {
    async serve(incoming, outgoing) {
      if (isProbe(incoming)) {
        outgoing.writeHead(200).end();
        return;
      }
      const asked = refuseCall(incoming, token) ?? (await readRequest(incoming, options.models));
      if (isNo(asked) || asked.isCounting) {
        await answer(asked, incoming, outgoing);
        return;
      }
      outgoing.once('close', queue.wake);
      await queue.enter(asked, () => isRefusing || outgoing.destroyed);
      try {
        await answer(asked, incoming, outgoing);
      } finally {
        queue.leave(asked);
      }
    },
    totals: tally.totals,
    shut() {
      isRefusing = true;
      queue.wake();
    },
    refuse() {
      isRefusing = true;
      queue.wake();
      for (const exchange of exchanges) exchange.cut();
    },
  };
}

/** What is open is told to its end: it is paid for, and may be all that was still missing. */
function admitted(
  request: ModelRequest | No,
  { left, isDaySpent, events }: ModelProxyOptions,
  { isRefusing, totals }: { isRefusing: boolean; totals: Totals },
): ModelRequest | No {
  if (isNo(request)) return request;
  if (isRefusing) return no(403, 'permission_error', 'The run has ended.');
  if (request.isCounting) return request;
  const which = spentOf(left, totals) ?? (isDaySpent() ? 'day' : null);
  if (which === null) return request;
  events.spent(which);
  return no(403, 'permission_error', which === 'day' ? DAY_IS_SPENT : TASK_IS_SPENT);
}

const TASK_IS_SPENT = 'The budget of the task is used up.';
const DAY_IS_SPENT = 'The daily limit of this worker is reached.';

/** Asked before the first message, to warm the connection up: harmless, and no business of the API. */
function isProbe({ method, url }: IncomingMessage): boolean {
  return method === 'HEAD' || (method === 'GET' && url === '/api/hello');
}

function deny(outgoing: ServerResponse, { status, type, message }: No): void {
  const body = JSON.stringify({ type: 'error', error: { type, message: `Athena: ${message}` } });
  outgoing.writeHead(status, { 'content-type': 'application/json', 'x-should-retry': 'false' }).end(body);
}
