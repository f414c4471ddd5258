/** What a worker says that it takes nothing of now. */
import { expect, test } from 'vitest';
import { createProblems } from '../../../cli/worker/problems.ts';
import type { WorkerSettings } from '../../../cli/worker/settings.ts';
import { heldProjects } from '../../../cli/worker/worker-heart.ts';

const settings = { projects: { notes: {}, web: {} }, defaultProject: 'notes' } as unknown as WorkerSettings;
const log = { warn: () => undefined, info: () => undefined } as never;
const newProblems = () => createProblems({ log, nowMs: () => 0, changed: () => undefined });
const MINUTE_MS = 60_000;

test('nothing is held while there is no problem', () => {
  expect(heldProjects(settings, newProblems(), 0)).toEqual([]);
});

test('a fault holds its project, and tasks without one where they go there, for its time', () => {
  const problems = newProblems();
  problems.hold('notes', 'The push was refused.');
  expect(heldProjects(settings, problems, 0)).toEqual(['notes', null]);
  expect(heldProjects(settings, problems, MINUTE_MS)).toEqual([]);
});

test.each([
  [
    'a fault of the whole machine',
    (problems: ReturnType<typeof newProblems>) => {
      problems.hold(null, 'The disk is full.');
    },
  ],
  [
    'a condition that lasts',
    (problems: ReturnType<typeof newProblems>) => {
      problems.set('spending', 'The daily limit is reached.');
    },
  ],
])('%s holds all of them', (_what, happen) => {
  const problems = newProblems();
  happen(problems);
  expect(heldProjects(settings, problems, 0)).toEqual(['notes', 'web', null]);
});
