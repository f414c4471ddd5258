/** Clients whose server dies under them: what was acknowledged is there, and all the rest happened once or never. */
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { it } from 'vitest';
import { aFolder } from '../store/world.ts';
import { manualClock } from '../support/clock.ts';
import { playLives, type Lives, type Mortal } from './concurrent/crash.ts';
import { startWatchedServer } from './concurrent/watched-server.ts';
import { lives } from './generators.ts';
import { emptyState } from './model/state.ts';

/**
 * What a killed process leaves behind is what lies in its files at that moment; so the files are copied between
 * two turns of the event loop, and the next server opens the copy.
 */
function copyDatabase(from: string, to: string): void {
  fs.copyFileSync(from, to);
  if (fs.existsSync(`${from}-wal`)) fs.copyFileSync(`${from}-wal`, `${to}-wal`);
}

async function play(made: Lives, folder: string): Promise<void> {
  const clock = manualClock();
  let life = 0;
  const pathOf = (number: number) => path.join(folder, `life-${number}.db`);
  const start = async (): Promise<Mortal> => {
    const number = (life += 1);
    const server = await startWatchedServer({ path: pathOf(number), clock });
    const die = () => {
      copyDatabase(pathOf(number), pathOf(number + 1));
    };
    return { ...server, die, bury: server.close, unsent: () => server.unsent };
  };
  await playLives(made, { empty: emptyState(clock.now().getTime()), start });
}

it('any history over the death of its server has an order that explains every answer', async () => {
  const folder = aFolder();
  const property = fc.asyncProperty(lives, (made) =>
    play(made, fs.mkdtempSync(path.join(folder, 'history-'))),
  );
  await fc.assert(property, { numRuns: 40, interruptAfterTimeLimit: 20_000 });
}, 120_000);
