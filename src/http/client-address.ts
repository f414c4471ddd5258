/**
 * Where a request comes from. What `X-Forwarded-For` says is believed only as far as it was written by the
 * proxies that the owner trusts: read from its end, the first address that is none of theirs is the
 * client's. Whatever stands left of that, the client may have written itself.
 */
import { isIP, SocketAddress } from 'node:net';
import { plainAddress, type IsTrustedProxy } from './proxies.ts';

export interface Connection {
  /** The address at the other end of the socket. */
  readonly peer: string | undefined;
  /** All `X-Forwarded-For` headers, joined by commas. */
  readonly forwardedFor: string | undefined;
}

export function clientAddress(from: Connection, isTrustedProxy: IsTrustedProxy): string {
  const { peer = 'unknown', forwardedFor = '' } = from;
  let nearest = addressOf(peer) ?? peer;
  const hops = forwardedFor.split(',').filter((hop) => hop.trim() !== '');
  while (isTrustedProxy(nearest)) {
    const further = addressOf(hops.pop() ?? '');
    // Nothing more, or nothing that can be read: this proxy is the last one known for certain.
    if (further === null) break;
    nearest = further;
  }
  return nearest;
}

/** Written in one way, without port, brackets and zone; IPv4 in IPv6 clothes is IPv4. Null for what is none. */
function addressOf(text: string): string | null {
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text.trim()) ?? [];
  const address = bracketed ?? dotted ?? text.trim();
  const family = isIP(address);
  if (family === 0) return null;
  return family === 4
    ? address
    : plainAddress(new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address);
}
