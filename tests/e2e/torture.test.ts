import { afterEach, expect, it } from 'vitest';
import { report } from '../../torture/report.ts';
import { removeFolder, runTorture } from '../../torture/run.ts';
import { cleanUp } from '../support/http-process.ts';

/** Long enough for a few of most faults, short enough to be part of every run of the tests. */
const MINUTES = 0.4;
const SEEDS = [20_260_101];

afterEach(cleanUp);

// `npm run torture -- --minutes 30` is the same run, only longer.
it.each(SEEDS)(
  'a short torture (seed %i) loses nothing and doubles nothing',
  async (seed) => {
    const options = { minutes: MINUTES, seed, server: null, disk: null, without: [], keep: false };
    const run = await runTorture(options, { progress: () => undefined, stop: new AbortController().signal });
    console.log(report(run));
    expect(run.verdict.findings).toEqual([]);
    expect(run.world.faults.of('server killed')).toBeGreaterThan(0);
    expect(run.verdict.delivered).toBeGreaterThan(0);
    removeFolder(run.world);
  },
  240_000,
);
