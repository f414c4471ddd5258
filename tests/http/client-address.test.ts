/** Whose wrong keys are counted together, in front of and behind reverse proxies. */
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../src/http/client-address.ts';
import { createTrustedProxies } from '../../src/http/proxies.ts';

const PROXIES = ['10.0.0.0/8', '192.168.1.7', '2001:db8:ffff::/48', 'fd00::1'];

function addressOf(peer: string | undefined, forwardedFor?: string, proxies = PROXIES): string {
  return clientAddress({ peer, forwardedFor }, createTrustedProxies(proxies));
}

describe('the address of a client', () => {
  it.each<[string, string | undefined, string | undefined, string]>([
    ['is its own without a proxy', '203.0.113.9', undefined, '203.0.113.9'],
    ['is what a trusted proxy says', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['is what a proxy in IPv6 clothes says', '::ffff:10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['is what the same in hexadecimal says', '10.1.2.3', '203.0.113.9, ::ffff:0a00:0001', '203.0.113.9'],
    ['is what a proxy with IPv6 says', '2001:db8:ffff::5', '2001:DB8:0:0::9', '2001:db8::9'],
    ['is found behind two proxies', '10.1.2.3', '203.0.113.9, 192.168.1.7', '203.0.113.9'],
    ['is found without its port', '10.1.2.3', '203.0.113.9:4711', '203.0.113.9'],
    ['is found without brackets and port', '10.1.2.3', '[2001:db8::9]:4711', '2001:db8::9'],
    ['is found without its zone', '10.1.2.3', 'fe80::9%eth0', 'fe80::9'],
    ['is found between blanks and empty places', '10.1.2.3', ' ,, 203.0.113.9 , ', '203.0.113.9'],
    ['is the proxy itself when that says nothing', '10.1.2.3', undefined, '10.1.2.3'],
    ['is the outermost proxy when all are trusted', '10.1.2.3', '10.0.0.8, 192.168.1.7', '10.0.0.8'],
    ['is unknown where no socket tells', undefined, '203.0.113.9', 'unknown'],
  ])('%s', (_what, peer, forwardedFor, expected) => {
    expect(addressOf(peer, forwardedFor)).toBe(expected);
  });

  it.each<[string, string, string, string]>([
    ['whom no proxy stands before', '203.0.113.9', '10.0.0.1', '203.0.113.9'],
    ['who adds an address before the proxy does', '10.1.2.3', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['who adds the proxy itself', '10.1.2.3', '198.51.100.1, 10.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['who adds junk', '10.1.2.3', "unknown, ';--, 203.0.113.9", '203.0.113.9'],
    ['whose proxy adds junk', '10.1.2.3', '198.51.100.1, unknown', '10.1.2.3'],
    ['whose proxy adds a name', '10.1.2.3', '198.51.100.1, unix:/run/x, 192.168.1.7', '192.168.1.7'],
  ])('cannot be chosen by one %s', (_who, peer, forwardedFor, expected) => {
    expect(addressOf(peer, forwardedFor)).toBe(expected);
  });

  it('is never read from a header when no proxy is trusted', () => {
    for (const peer of ['10.1.2.3', '127.0.0.1', '::1'])
      expect(addressOf(peer, '198.51.100.1', [])).toBe(peer);
  });

  it('is found in a header of any length in no time', () => {
    expect(addressOf('10.1.2.3', `${'1.1.1.1,'.repeat(100_000)}203.0.113.9`)).toBe('203.0.113.9');
  });
});
