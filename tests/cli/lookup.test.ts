import { describe, expect, it } from 'vitest';
import { createOutsideLookup } from '../../cli/lookup.ts';

/** What Node asks for: all addresses, or the first one. */
function ask(platform: NodeJS.Platform, host: string, all = true): Promise<unknown> {
  const outside = createOutsideLookup(platform);
  return new Promise((resolve, reject) => {
    outside.lookup(host, { all }, (error, found) => {
      outside.stop();
      if (error) reject(error);
      else resolve(found);
    });
  });
}

describe('looking up a name in another process', () => {
  it.each(['linux', 'darwin', 'win32'] as const)('finds addresses on %s', async (platform) => {
    const found = (await ask(platform, 'localhost')) as { address: string; family: number }[];
    expect(found.some(({ address }) => address === '127.0.0.1' || address === '::1')).toBe(true);
    expect(await ask(platform, 'localhost', false)).toMatch(/^(127\.0\.0\.1|::1)$/);
  });

  it('runs no word that could be an option', async () => {
    await expect(ask('linux', '--help')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('ends at once when it is stopped', async () => {
    const outside = createOutsideLookup('darwin');
    const ended = new Promise((resolve) => {
      outside.lookup('localhost', { all: true }, resolve);
    });
    outside.stop();
    expect(await ended).toMatchObject({ code: 'ENOTFOUND' });
  });
});
