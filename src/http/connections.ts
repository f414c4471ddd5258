/**
 * Which connections are kept: no address has more than its share, and nobody keeps an answer waiting in our
 * memory for long. A connection that is refused is closed without a word, as one above the total is.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../core/ports.ts';
import { plainAddress, type IsTrustedProxy } from './proxies.ts';

export interface ConnectionLimits {
  /** Connections of one address, or of one IPv6 network of 64 bits, which a single machine may own. */
  readonly perAddress: number;
  /** An answer must leave our memory within this time. What the system's own buffers take counts as read. */
  readonly readMs: number;
}

export interface Guard {
  readonly limits: ConnectionLimits;
  /** A proxy speaks for many, so it may have as many connections as there are. */
  readonly isTrustedProxy: IsTrustedProxy;
  readonly logger: Pick<Logger, 'warn'>;
}

const LOOKS_PER_READ = 10;
const QUIET_MS = 60_000;

export function guardConnections(server: Server, guard: Guard): void {
  const warn = createWarning(guard.logger);
  const open = new Set<Socket>();
  keepShares(server, { ...guard, warn });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('drop', () => {
    warn({}, 'connections were refused: there are too many in all');
  });
  cutSlowReaders(server, open, guard.limits.readMs);
}

function keepShares(server: Server, { limits, isTrustedProxy, warn }: Guard & { warn: Warn }): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = plainAddress(socket.remoteAddress ?? '');
    if (isTrustedProxy(address)) return;
    const owner = ownerOf(address);
    const count = (counts.get(owner) ?? 0) + 1;
    counts.set(owner, count);
    socket.once('close', () => {
      const left = (counts.get(owner) ?? 1) - 1;
      if (left > 0) counts.set(owner, left);
      else counts.delete(owner);
    });
    if (count <= limits.perAddress) return;
    socket.destroy();
    warn(
      { address },
      'connections were refused: this address has too many; is it a proxy for TRUSTED_PROXIES?',
    );
  });
}

/** The first four groups of an IPv6 address; an IPv4 address as it is. */
export function ownerOf(address: string): string {
  if (!address.includes(':')) return address;
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}

/** Looks now and then; a connection whose answers were waiting at every look since `readMs` is cut. */
function cutSlowReaders(server: Server, open: ReadonlySet<Socket>, readMs: number): void {
  const waitingLooks = new WeakMap<Socket, number>();
  const look = setInterval(() => {
    for (const socket of open) {
      const looks = socket.writableLength === 0 ? 0 : (waitingLooks.get(socket) ?? 0) + 1;
      if (looks > LOOKS_PER_READ) socket.destroy();
      else if (looks > 0) waitingLooks.set(socket, looks);
      else waitingLooks.delete(socket);
    }
  }, readMs / LOOKS_PER_READ);
  look.unref();
  server.once('close', () => {
    clearInterval(look);
  });
}

type Warn = Logger['warn'];

/** A flood must not fill the log: after a line there is silence for a minute. */
function createWarning(logger: Pick<Logger, 'warn'>): Warn {
  let isQuiet = false;
  return (details, message) => {
    if (isQuiet) return;
    isQuiet = true;
    setTimeout(() => {
      isQuiet = false;
    }, QUIET_MS).unref();
    logger.warn(details, message);
  };
}
