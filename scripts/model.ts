/**
 * `npm run model -- --minutes N --seed S`: the random histories of `tests/properties` for as long as one likes.
 * Ends with 1 at the first history that the model cannot explain, and prints it with its seed.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { playConcurrently } from '../tests/properties/concurrent/history.ts';
import { createHttpDriver } from '../tests/properties/drivers/http-driver.ts';
import { scene, sequence } from '../tests/properties/generators.ts';
import { playSequence } from '../tests/properties/sequence.ts';

const RUNS = 50;

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 1);
const first = Number(values.seed ?? Date.now() % 1_000_000_000);

async function inSequence(commands: Parameters<typeof playSequence>[0]): Promise<void> {
  const driver = await createHttpDriver({ socket: false });
  await playSequence(commands, driver).finally(() => driver.close());
}

const until = performance.now() + minutes * 60_000;
let rounds = 0;
for (let seed = first; performance.now() < until; seed += 1) {
  await fc.assert(fc.asyncProperty(sequence, inSequence), { seed, numRuns: RUNS });
  await fc.assert(fc.asyncProperty(scene, playConcurrently), { seed, numRuns: RUNS * 2 });
  rounds += 1;
  process.stdout.write(
    `model: seed ${seed}: ${rounds * RUNS} sequences and ${rounds * RUNS * 2} concurrent histories explained\n`,
  );
}
