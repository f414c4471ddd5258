/** Random histories against the real store and a small model: every answer and every row must agree. */
import fc from 'fast-check';
import { it } from 'vitest';
import { command, playHistory } from './queue-history.ts';

it('any history of commands leaves the store and the model in agreement', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 60, size: 'max' }), playHistory),
    { numRuns: 100 },
  );
}, 60_000);
