/** When the loop of `work` ends, whatever it is at. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLeaving } from '../../../cli/worker/leaving.ts';
import type { Worker } from '../../../cli/worker/open-worker.ts';
import { createPlaces } from '../../../cli/worker/places.ts';
import { workLoop } from '../../../cli/worker/work-loop.ts';
import { createManualClock } from '../../support/worker/run-clock.ts';

const log = { info() {}, warn() {} };

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-loop-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Processes of an earlier run live, and looking after them ends when the test says so. */
function haunted() {
  const clock = createManualClock();
  let seen = () => {};
  const swept = new Promise<void>((resolve) => (seen = resolve));
  const settings = {
    ...{ workspace: folder, concurrency: 1, projects: {}, defaultProject: null },
    limits: { minFreeDiskBytes: 0 },
  };
  const worker = {
    kit: {
      ...{ clock, log, settings, random: () => 0.5 },
      git: { places: createPlaces(folder) },
      spending: { leftUsd: () => null },
    },
    problems: { refusal: () => null, set() {}, isBlocked: () => true, heldUntilMs: () => 0 },
    haunted: { add() {}, sweep: () => swept },
  } as unknown as Worker;
  return { worker, clock, seen };
}

test('a word to end that comes while earlier processes are looked after is heard at once', async () => {
  const { worker, clock, seen } = haunted();
  const leaving = createLeaving({ clock, graceMs: 1000, log, hurry() {} });
  let isOver = false;
  const loop = workLoop(worker, leaving).then(() => (isOver = true));
  await clock.pass(0);
  leaving.ask();
  seen();
  await clock.pass(0);
  expect(isOver).toBe(true);
  await loop;
});
