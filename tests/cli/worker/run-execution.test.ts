/** What is left of a run when its executor has ended. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunGroup } from '../../../cli/worker/cgroup.ts';
import type { Kit } from '../../../cli/worker/worker-kit.ts';
import { startRun } from '../../../cli/worker/run-task.ts';
import { claimOf, createLiveKit } from '../../support/worker/live-kit.ts';
import { git } from '../../support/git-server.ts';
import { startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

/** Each look at the processes of a run ends like this. */
function sweepOf(pids: () => number[], skip: (ms: number) => number): Kit['sweep'] {
  const group: RunGroup = { adopt: () => true, pids, kill() {}, remove() {} };
  return {
    platform: process.platform,
    sleep: (ms) => (skip(ms), new Promise((resolve) => setImmediate(resolve))),
    elapsed: () => skip(0),
    group: () => group,
  };
}

describe('a run whose processes cannot be listed', () => {
  let nowMs = 0;
  let fails = Infinity;
  const skip = (ms: number) => (nowMs += ms);
  const pids = () => {
    fails -= 1;
    if (fails >= 0) throw new Error('EMFILE');
    return [];
  };

  function begin() {
    const machine = world.machine();
    const live = createLiveKit(machine, {
      act: (brief) => {
        fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
        return Promise.resolve({ kind: 'done', summary: 'Done.' });
      },
      kit: { sweep: sweepOf(pids, skip) },
    });
    return { ...live, ...startRun(claimOf(), machine.settings, live.kit) };
  }

  it('ends all the same, and nothing new begins beside what may live', async () => {
    fails = Infinity;
    const { ended, haunted } = begin();
    expect(await ended).toMatchObject({ verdict: { kind: 'complete' } });
    expect(git(world.bare, 'show', 'claude/5-fix-it:new.txt')).toBe('1');
    expect(haunted).toEqual([null]);
  });

  it('waits until they can be', async () => {
    fails = 20;
    const { ended, haunted } = begin();
    expect(await ended).toMatchObject({ verdict: { kind: 'complete' } });
    expect(haunted).toEqual([]);
  });
});
