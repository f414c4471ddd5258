/** Random sequences of commands, through every way to the queue: each answer must be the model's. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Driver } from './drivers/driver.ts';
import { createHttpDriver } from './drivers/http-driver.ts';
import { createStoreDriver } from './drivers/store-driver.ts';
import { sequence } from './generators.ts';
import { playSequence } from './sequence.ts';

const DRIVERS: readonly [name: string, create: () => Promise<Driver>, runs: number][] = [
  ['the use cases and the store', createStoreDriver, 120],
  ['the REST API', () => createHttpDriver({ socket: false }), 60],
  ['the REST API on a socket', () => createHttpDriver({ socket: true }), 10],
];

describe.each(DRIVERS)('through %s', (_name, create, numRuns) => {
  it('any sequence of commands is answered as the model answers it', async () => {
    const play = async (commands: Parameters<typeof playSequence>[0]) => {
      const driver = await create();
      try {
        await playSequence(commands, driver);
      } finally {
        await driver.close();
      }
    };
    await fc.assert(fc.asyncProperty(sequence, play), { numRuns, interruptAfterTimeLimit: 20_000 });
  }, 60_000);
});
