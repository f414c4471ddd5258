import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface HttpHandlers {
  request: (request: IncomingMessage, response: ServerResponse) => void;
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A listener on 127.0.0.1 that keeps its port when it is closed and opened again, as during an outage. */
export interface Listener {
  readonly port: number;
  open(): Promise<void>;
  /** Cuts every connection; new ones are refused. */
  close(): Promise<void>;
}

export function createListener(handlers: HttpHandlers): Listener {
  let server: Server | undefined;
  let port = 0;
  const sockets = new Set<Duplex>();
  return {
    get port() {
      return port;
    },
    async open() {
      if (server !== undefined) return;
      const opened = createServer(handlers.request);
      server = opened;
      opened.on('upgrade', handlers.upgrade);
      opened.on('connection', (socket) => {
        sockets.add(socket);
        // After an upgrade nobody else listens for it, and a bot that is killed resets its connections.
        socket.on('error', () => {});
        socket.on('close', () => sockets.delete(socket));
      });
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject);
        opened.listen(port, '127.0.0.1', resolve);
      });
      port = (opened.address() as AddressInfo).port;
    },
    async close() {
      const closing = server;
      if (closing === undefined) return;
      server = undefined;
      const closed = new Promise<void>((resolve) => {
        closing.close(() => {
          resolve();
        });
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
