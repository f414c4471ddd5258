import { expect, it } from 'vitest';
import { createHousekeeper } from '../../src/background/housekeeper.ts';
import { TransientError } from '../../src/core/errors.ts';
import { createHttpWorld } from '../support/http-world.ts';
import { manualClock } from '../support/clock.ts';
import { turns } from '../support/http-until.ts';
import { recordingLogger } from '../support/logger.ts';

const MINUTES = 60_000;

/** A housekeeper over a list of what each purge does; after the list there is nothing left to do. */
function world(steps: (() => Promise<boolean>)[]) {
  const clock = manualClock();
  const logger = recordingLogger();
  let purges = 0;
  const purge = () => {
    purges += 1;
    return (steps.shift() ?? (() => Promise.resolve(false)))();
  };
  const housekeeper = createHousekeeper({ store: { purge }, clock, logger });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await turns(3);
  };
  return { housekeeper, pass, logger, purges: () => purges };
}

it('drops a little every ten minutes, and more often while there is more', async () => {
  const { housekeeper, pass, purges } = world([() => Promise.resolve(true), () => Promise.resolve(true)]);
  housekeeper.start();
  await pass(10 * MINUTES - 1);
  expect(purges()).toBe(0);
  await pass(1);
  expect(purges()).toBe(1);
  await pass(200);
  await pass(200);
  expect(purges()).toBe(3);
  await pass(5 * MINUTES);
  expect(purges()).toBe(3);
  await pass(5 * MINUTES);
  expect(purges()).toBe(4);
  housekeeper.stop();
  await pass(60 * MINUTES);
  expect(purges()).toBe(4);
});

it('goes on after a failure, and only a bug is an error', async () => {
  const { housekeeper, pass, logger, purges } = world([
    () => Promise.reject(new TransientError('Locked.', { retryAfterMs: 1000 })),
    () => Promise.reject(new Error('a bug')),
  ]);
  housekeeper.start();
  for (let n = 0; n < 3; n += 1) await pass(10 * MINUTES);
  expect(purges()).toBe(3);
  expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  housekeeper.stop();
});

it('forgets instances that were silent for long, so that the list stays short', async () => {
  const { api, store, clock, logger } = await createHttpWorld();
  await api.beat('old');
  await api.held('worker');
  clock.advance(31 * 24 * 60 * MINUTES);
  const housekeeper = createHousekeeper({ store, clock, logger });
  housekeeper.start();
  await api.beat('new');
  clock.advance(10 * MINUTES);
  await turns();
  expect((await api.instances()).instances.map(({ id }) => id).sort()).toEqual(['new', 'worker']);
  housekeeper.stop();
  await store.close();
});
