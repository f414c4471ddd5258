/** The API on a real socket, in this process: for what only connections can show. */
import type { ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Clock } from '../../src/core/ports.ts';
import { listen, type ListenOptions } from '../../src/http/server.ts';
import { systemClock } from '../../src/system.ts';
import { createApi, createParts, toReply, toRequest, type PartsOptions, type Send } from './http-world.ts';
import { until } from './http-until.ts';

export type ServerOptions = PartsOptions & { readonly clock?: Clock } & Pick<
    ListenOptions,
    'patience' | 'limits' | 'trustedProxies'
  >;

export async function startHttpServer(options: ServerOptions = {}) {
  const { patience, limits, trustedProxies = [], clock = systemClock } = options;
  const parts = await createParts(clock, options);
  const open = new Set<ServerResponse>();
  let requests = 0;
  const watched = {
    fetch(request: Request, bindings: Partial<HttpBindings> = {}) {
      requests += 1;
      const { outgoing } = bindings;
      if (outgoing !== undefined) open.add(outgoing);
      outgoing?.once('close', () => open.delete(outgoing));
      return parts.app.fetch(request, bindings);
    },
  };
  const how = { ...(patience && { patience }), ...(limits && { limits }), trustedProxies };
  const server = await listen(watched, { host: '127.0.0.1', port: 0, logger: parts.logger, ...how });
  const url = `http://127.0.0.1:${server.port}`;
  const send: Send = async (method, path, sent = {}) => {
    const { body, headers } = toRequest(sent);
    return toReply(await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body }) }));
  };
  return {
    ...parts,
    server,
    url,
    port: server.port,
    send,
    api: createApi(send),
    requests: () => requests,
    /** Until this many requests are without an answer, and have their connection. */
    unanswered: (count: number) => until(() => open.size === count, `${count} open requests`),
    async close() {
      parts.waitingClaims.stop();
      await server.stop(0);
      await parts.store.close();
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startHttpServer>>;

/** A door that is shut by a test, and opened again. */
export function createGate() {
  let isOpen: Promise<void> = Promise.resolve();
  let waiting = 0;
  return {
    shut(): () => void {
      let open: () => void = () => undefined;
      isOpen = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
    pass: async <T>(value: T): Promise<T> => {
      waiting += 1;
      await isOpen;
      waiting -= 1;
      return value;
    },
    waiting: () => waiting,
  };
}
