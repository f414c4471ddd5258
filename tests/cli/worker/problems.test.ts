import { beforeEach, describe, expect, it } from 'vitest';
import { ClientError } from '../../../cli/errors.ts';
import { createHaunted } from '../../../cli/worker/haunted.ts';
import { createProblems, type Problems } from '../../../cli/worker/problems.ts';
import type { Sweeper } from '../../../cli/worker/process-sweep.ts';

const IN_USE = new ClientError('name_in_use', 'Another worker is called "lab".', {
  status: 409,
  isAnswer: true,
});

describe('what keeps a worker from taking tasks', () => {
  let problems: Problems;
  beforeEach(() => {
    problems = createProblems({ log: { info() {}, warn() {} }, nowMs: () => 0, changed() {} });
  });

  it('is that another has its name, until a heartbeat is answered again, whatever else is', () => {
    problems.noteReach(IN_USE);
    problems.noteReach(null);
    problems.noteReach(new ClientError('unavailable', 'away', { status: 503, isTransient: true }));
    expect(problems.refusal()).toBe(IN_USE);
    problems.noteWelcome();
    expect(problems.refusal()).toBe(null);
  });

  it('is not what something on the way to the server says', () => {
    problems.noteReach(new ClientError('http_409', 'a proxy', { status: 409, isForeign: true }));
    expect(problems.refusal()).toBe(null);
  });

  it('is a process of an earlier run, for as long as it lives and no longer', async () => {
    const living = [[41, 42], [42], []];
    const sweeper: Sweeper = {
      add() {},
      look: () => Promise.resolve(),
      sweep: () => Promise.resolve({ living: living.shift() ?? [] }),
    };
    const haunted = createHaunted(problems);
    haunted.add(sweeper, [41, 42, 43]);
    expect(problems.text()).toBe('Processes of an earlier run do not end: 41, 42, 43.');
    await haunted.sweep();
    await haunted.sweep();
    expect([problems.isBlocked(), problems.text()]).toEqual([
      true,
      'Processes of an earlier run do not end: 42.',
    ]);
    await haunted.sweep();
    expect(problems.isBlocked()).toBe(false);
  });

  it('is one that cannot be looked at, too: it may still live, and the others are ended all the same', async () => {
    const sweeperOf = (sweep: Sweeper['sweep']): Sweeper => ({
      add() {},
      look: () => Promise.resolve(),
      sweep,
    });
    const haunted = createHaunted(problems);
    let isBlind = true;
    const unseen = () =>
      isBlind ? Promise.reject(new Error('EMFILE')) : Promise.resolve({ living: [] as number[] });
    haunted.add(sweeperOf(unseen), [41]);
    haunted.add(
      sweeperOf(() => Promise.resolve({ living: [] })),
      [42],
    );
    await haunted.sweep();
    expect(problems.text()).toBe('Processes of an earlier run do not end: 41.');
    isBlind = false;
    await haunted.sweep();
    expect(problems.isBlocked()).toBe(false);
  });

  it('is that none can be listed, until one look has shown that nothing lives', async () => {
    let isBlind = true;
    const haunted = createHaunted(problems);
    const sweep = () => (isBlind ? Promise.reject(new Error('EMFILE')) : Promise.resolve({ living: [] }));
    haunted.add({ add() {}, look: () => Promise.resolve(), sweep }, null);
    await haunted.sweep();
    expect(problems.text()).toContain('Processes cannot be listed');
    isBlind = false;
    await haunted.sweep();
    expect(problems.isBlocked()).toBe(false);
  });
});
