/** The same random histories as in `tests/properties`, on the built server, which is killed in their middle. */
import fc from 'fast-check';
import { afterEach, it } from 'vitest';
import { playLives, type Lives, type Mortal } from '../properties/concurrent/crash.ts';
import { askOver } from '../properties/drivers/http-driver.ts';
import { livesOfTheirOwnTime } from '../properties/generators.ts';
import { emptyState } from '../properties/model/state.ts';
import { MAX_ATTEMPTS } from '../properties/model/policy.ts';
import { cleanUp, newFolder, startServer } from '../support/http-process.ts';

afterEach(cleanUp);

async function play(made: Lives): Promise<void> {
  const folder = newFolder();
  const start = async (): Promise<Mortal> => {
    const server = await startServer({ folder, env: { MAX_ATTEMPTS: String(MAX_ATTEMPTS) } });
    return {
      port: server.port,
      ask: (command) => askOver(server.send, command),
      die: () => {
        server.signal('SIGKILL');
      },
      bury: async () => {
        await server.exited;
      },
      // Which answers were sent before the end, nobody is left to tell.
      unsent: (calls) =>
        new Set(calls.filter(({ answered }) => answered === null).map(({ what }) => what.name)),
    };
  };
  await playLives(made, { empty: emptyState(null), start });
}

it('any history over a kill -9 of its server has an order that explains every answer', async () => {
  await fc.assert(fc.asyncProperty(livesOfTheirOwnTime, play), { numRuns: 6, endOnFailure: true });
}, 120_000);
