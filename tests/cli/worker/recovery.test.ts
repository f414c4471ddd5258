/** What a worker that died has left is brought home by the next, however often that is begun. */
import fs from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClientError } from '../../../cli/errors.ts';
import { USUAL } from '../../../cli/retry.ts';
import type { Git } from '../../../cli/worker/git.ts';
import { createLeaseKeeper } from '../../../cli/worker/lease-keeper.ts';
import type { Worker } from '../../../cli/worker/open-worker.ts';
import { recover } from '../../../cli/worker/recovery.ts';
import { FOR_EVER } from '../../../cli/worker/worker-api.ts';
import type { Workspace } from '../../../cli/worker/workspace-shape.ts';
import { discardWorkspace } from '../../../cli/worker/workspace.ts';
import { git } from '../../support/git-server.ts';
import { BRANCH, delivery, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';
import { createLiveKit, type LiveKitOptions } from '../../support/worker/live-kit.ts';
import { createManualClock } from '../../support/worker/run-clock.ts';
import { until } from '../../support/worker/until.ts';

let world: GitWorld;
let machine: ReturnType<GitWorld['machine']>;
beforeEach(async () => {
  world = await startGitWorld();
  machine = world.machine();
});
afterEach(() => world.close());

const FACTS = {
  lease_id: '1a2b3c4d-0000-4000-8000-000000000005',
  mark: 'mark-of-five',
  description: 'Fix it',
};
const GONE = new ClientError('unreachable', 'The server is away.', { isTransient: true });

/** A worker that starts on this machine, in the year that is named. */
function startIn(year: number, options: Omit<LiveKitOptions, 'act'> = {}) {
  const date = `${year}-01-01T00:00:00Z`;
  const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const dated: Git = {
    run: (args, call) => machine.deps.git.run(args, { ...call, env: { ...dates, ...call.env } }),
  };
  const live = createLiveKit(machine, {
    ...options,
    act: () => Promise.reject(new Error('no run is begun')),
    kit: { git: { ...machine.deps, git: dated }, ...options.kit },
  });
  const worker = { kit: live.kit, haunted: live.kit.haunted } as unknown as Worker;
  return { ...live, worker };
}

const goOn = () => ({ signal: new AbortController().signal, patience: FOR_EVER });

async function simple(): Promise<Workspace> {
  const workspace = await machine.prepare(1, { facts: FACTS });
  inTree(workspace).write('a.txt', '1\n');
  return workspace;
}

/** The run went back behind what is on the remote: both are joined. */
async function apart(): Promise<Workspace> {
  const first = await machine.prepare();
  inTree(first).commit('a.txt', '1\n');
  await machine.work(first).deliver(delivery());
  discardWorkspace(first, machine.deps);
  const workspace = await machine.prepare(2, { facts: FACTS });
  inTree(workspace).write('b.txt', '1\n');
  inTree(workspace).git('commit', '-q', '-a', '--amend', '-m', 'Rewritten');
  return workspace;
}

it.each([
  ['work', simple],
  ['work on a history that was rewritten', apart],
])('%s is pushed once, though the word about it reaches the server only later', async (_what, leave) => {
  const { saveDir } = await leave();
  const first = startIn(2030, { api: { fail: () => Promise.reject(GONE) } });
  await recover(first.worker, goOn());
  const pushed = git(world.bare, 'rev-parse', BRANCH);
  expect(fs.existsSync(saveDir)).toBe(true);

  const second = startIn(2031);
  await recover(second.worker, goOn());
  expect(second.log).toContain('an earlier run was cleared up');
  expect(second.end()).toMatchObject({ what: 'fail', body: { report: { branch: BRANCH, commit: pushed } } });
  expect(git(world.bare, 'rev-parse', BRANCH)).toBe(pushed);
  expect(fs.existsSync(machine.places.kept)).toBe(false);
  expect(fs.existsSync(saveDir)).toBe(false);
});

it('a start that does not wait for ever leaves it to the next where the lease cannot be renewed', async () => {
  const { saveDir } = await simple();
  const deaf = createLeaseKeeper({
    ...{ clock: createManualClock(), random: () => 0.5, heard() {}, trouble() {} },
    send: () => Promise.reject(GONE),
  });
  const first = startIn(2030, { kit: { keeper: deaf } });
  let isOver = false;
  const recovering = recover(first.worker, { ...goOn(), patience: USUAL }).then(() => (isOver = true));
  await until(
    'the end of its patience',
    () => {
      void first.clock.pass(1_000);
      return isOver;
    },
    8_000,
  );
  await recovering;
  expect(first.end()).toBe(undefined);
  expect(world.refs()).toEqual(['refs/heads/main']);
  expect(fs.existsSync(saveDir)).toBe(true);
  expect(fs.existsSync(machine.places.kept)).toBe(false);
});

it('nothing new begins beside processes of it that cannot be listed', async () => {
  const { saveDir } = await simple();
  const unseen = () => {
    throw new Error('EMFILE');
  };
  const blind = { adopt: () => true, kill() {}, remove() {}, pids: unseen };
  const { sweep } = startIn(2030).kit;
  const first = startIn(2030, { kit: { sweep: { ...sweep, group: () => blind } } });
  await recover(first.worker, goOn());
  expect(first.haunted).toEqual([null]);
  expect(fs.existsSync(saveDir)).toBe(true);
});

it('what cannot be removed keeps no worker from its work', async () => {
  await simple();
  const stuck = { ...machine.deps.trash, empty: () => Promise.reject(new Error('ENAMETOOLONG')) };
  const first = startIn(2030);
  const kit = { ...first.kit, git: { ...first.kit.git, trash: stuck } };
  await recover({ ...first.worker, kit }, goOn());
  expect(first.log).toContain('the disk was not tidied up: ENAMETOOLONG');
  expect(first.end()).toMatchObject({ what: 'fail' });
});
