/**
 * Clients that ask the REST API at the same time, over real sockets, some of which are cut: there must be an
 * order of what they asked that explains every answer and how the queue looks in the end.
 */
import fc from 'fast-check';
import { it } from 'vitest';
import { playConcurrently } from './concurrent/history.ts';
import { scene } from './generators.ts';

it('any concurrent history has an order that explains every answer', async () => {
  await fc.assert(fc.asyncProperty(scene, playConcurrently), {
    numRuns: 150,
    interruptAfterTimeLimit: 20_000,
  });
}, 120_000);
