/** Which addresses are reverse proxies of our own, as `TRUSTED_PROXIES` names them. */
import { BlockList, isIP } from 'node:net';

export type IsTrustedProxy = (address: string | undefined) => boolean;

/** Addresses and networks such as `10.0.0.0/8`, checked by the configuration before. */
export function createTrustedProxies(networks: readonly string[]): IsTrustedProxy {
  if (networks.length === 0) return () => false;
  const trusted = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = familyOf(address);
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = plainAddress(address ?? '');
    return isIP(plain) !== 0 && trusted.check(plain, familyOf(plain));
  };
}

/** A listener on `::` sees an IPv4 peer as `::ffff:10.0.0.1`: that is the same machine as `10.0.0.1`. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
