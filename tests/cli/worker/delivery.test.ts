import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listKept, pushKept } from '../../../cli/worker/kept.ts';
import { commitTo, git } from '../../support/git-server.ts';
import { BRANCH, delivery, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

const head = () => git(world.bare, 'rev-parse', 'main');
const onRemote = (ref = BRANCH) => git(world.bare, 'rev-parse', ref);

describe('a delivery', () => {
  it('leaves the commits of a run as they are and commits what is left, with its trailers', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const tree = inTree(workspace);
    const own = tree.commit('own.txt', 'a\nb\n');
    tree.write('README.md', 'one\nthree\nfour\n');
    tree.write('image.bin', '\0\0');
    tree.write('.gitignore', 'ignored\n');
    tree.write('ignored', 'x');
    tree.write('.claude/agents/x.md', 'kept');
    const delivered = await machine.work(workspace).deliver(delivery());
    expect(delivered).toMatchObject({
      how: 'pushed',
      branch: BRANCH,
      commit: onRemote(),
      base: head(),
      filesChanged: 5,
      insertions: 6,
      deletions: 1,
      fault: null,
      bundle: null,
      notices: [],
    });
    expect(onRemote(`${BRANCH}^`)).toBe(own);
    expect(git(world.bare, 'log', '-1', '--format=%an <%ae>%n%B', BRANCH)).toBe(
      'Athena <athena@localhost>\nFix it\n\nAthena-Task: 5\nAthena-Submitted-By: Ann\nAthena-Session: session-1',
    );
    expect(git(world.bare, 'ls-tree', '-r', '--name-only', BRANCH).split('\n')).toEqual([
      '.claude/agents/x.md',
      '.gitignore',
      'README.md',
      'image.bin',
      'own.txt',
    ]);
  });

  it('makes no branch where nothing was changed', async () => {
    const machine = world.machine();
    const work = machine.work(await machine.prepare());
    const fence = () => Promise.reject(new Error('nothing is pushed'));
    expect(await work.deliver(delivery({ leaseFence: fence }))).toMatchObject({
      how: 'nothing',
      branch: null,
      commit: null,
      filesChanged: 0,
    });
    expect(world.refs()).toEqual(['refs/heads/main']);
  });

  it('tells of the branch again when a follow-up changed nothing', async () => {
    const machine = world.machine();
    const first = await machine.prepare();
    inTree(first).write('a.txt', '1\n');
    const { commit } = await machine.work(first).deliver(delivery());
    const second = await machine.work(await machine.prepare(2)).deliver(delivery());
    expect(second).toMatchObject({ how: 'nothing', branch: BRANCH, commit, filesChanged: 1 });
  });

  it('puts no word of a task into the trailers but the ones that belong there', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    const submittedBy = 'Ann\nAthena-Task: 6';
    await machine.work(workspace).deliver(delivery({ submittedBy, subject: '  ', sessionId: null }));
    expect(git(world.bare, 'log', '-1', '--format=%B', BRANCH)).toBe(
      'Task #5\n\nAthena-Task: 5\nAthena-Submitted-By: Ann Athena-Task: 6',
    );
  });

  it('asks for the lease right before it pushes, each time anew', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    const asked: number[] = [];
    world.server.behave({ kind: 'refuse', status: 503 });
    const leaseFence = () => {
      asked.push(world.server.seen.length);
      if (asked.length === 3) world.server.behave({ kind: 'serve' });
      return Promise.resolve('held' as const);
    };
    expect(await machine.work(workspace).deliver(delivery({ leaseFence }))).toMatchObject({ how: 'pushed' });
    expect(asked).toHaveLength(4);
    expect(new Set(asked).size).toBe(4);
  });

  it('goes to a branch of its own where the lease is lost after git has begun to push', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    const asked: number[] = [];
    const leaseFence = () => {
      asked.push(world.server.seen.filter(({ url }) => url.includes('git-receive-pack')).length);
      return Promise.resolve(asked.length === 1 ? ('held' as const) : ('lost' as const));
    };
    expect(await machine.work(workspace).deliver(delivery({ leaseFence }))).toMatchObject({
      ...{ how: 'pushed', branch: `${BRANCH}-lost-1a2b3c4d`, isLost: true },
    });
    // Before git began, and when it had asked what is there.
    expect(asked).toEqual([0, 1]);
    expect(world.refs()).toEqual([`refs/heads/${BRANCH}-lost-1a2b3c4d`, 'refs/heads/main']);
  });

  it('goes to a branch of its own once the lease is lost', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    const lost = delivery({ leaseFence: () => Promise.resolve('lost') });
    expect(await machine.work(workspace).deliver(lost)).toMatchObject({
      how: 'pushed',
      branch: `${BRANCH}-lost-1a2b3c4d`,
      isLost: true,
    });
    expect(world.refs()).toEqual([`refs/heads/${BRANCH}-lost-1a2b3c4d`, 'refs/heads/main']);
  });

  it('is put beside what somebody else pushed to the branch meanwhile', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    git(world.bare, 'branch', BRANCH, 'main');
    const theirs = commitTo(world.bare, { 'theirs.txt': 'x\n' }, BRANCH);
    const own = inTree(workspace).commit('a.txt', '1\n');
    const delivered = await machine.work(workspace).deliver(delivery());
    expect(delivered).toMatchObject({ how: 'pushed', branch: BRANCH, commit: onRemote(), filesChanged: 2 });
    expect(delivered).toMatchObject({ isApart: false, fault: null, notices: [] });
    expect(git(world.bare, 'rev-list', BRANCH).split('\n')).toEqual(expect.arrayContaining([theirs, own]));
    expect(git(world.bare, 'log', '-1', '--format=%P', BRANCH)).toBe(`${theirs} ${own}`);
  });

  it('goes to a branch of its own where that contradicts it, and says so', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    git(world.bare, 'branch', BRANCH, 'main');
    const theirs = commitTo(world.bare, { 'README.md': 'theirs\n' }, BRANCH);
    inTree(workspace).write('README.md', 'ours\n');
    const delivered = await machine.work(workspace).deliver(delivery());
    const branch = `${BRANCH}-lost-1a2b3c4d`;
    expect(delivered).toMatchObject({ how: 'pushed', branch, isApart: true, isLost: false, fault: null });
    expect(delivered.notices.join()).toContain(branch);
    expect(onRemote()).toBe(theirs);
    expect(onRemote(branch)).toBe(delivered.commit);
  });

  it('is kept where it is refused, and pushed when it is not any more', async () => {
    const hook = path.join(world.bare, 'hooks/pre-receive');
    fs.mkdirSync(path.dirname(hook), { recursive: true });
    fs.writeFileSync(hook, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    const delivered = await machine.work(workspace).deliver(delivery());
    const bundle = path.join(machine.folder, 'kept', `${BRANCH}.bundle`);
    expect(delivered).toMatchObject({ how: 'kept', branch: BRANCH, bundle, fault: { kind: 'rejected' } });
    const [kept] = listKept(machine.places);
    expect(kept).toMatchObject({ task_id: 5, project: 'notes', branch: BRANCH, commit: delivered.commit });
    await expect(pushKept(kept!, machine.settings, machine.deps)).rejects.toMatchObject({ kind: 'rejected' });
    expect(fs.existsSync(bundle)).toBe(true);
    fs.rmSync(hook);
    await pushKept(kept!, machine.settings, machine.deps);
    expect(onRemote()).toBe(delivered.commit);
    expect(fs.readdirSync(path.dirname(bundle))).toEqual([]);
    expect(listKept(machine.places)).toEqual([]);
  });

  it('keeps what a rule of the repository forbids to push, and names the rule', async () => {
    const hook = path.join(world.bare, 'hooks/pre-receive');
    fs.mkdirSync(path.dirname(hook), { recursive: true });
    fs.writeFileSync(hook, '#!/bin/sh\necho "not on Fridays"\nexit 1\n', { mode: 0o755 });
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    const delivered = await machine.work(workspace).deliver(delivery());
    expect(delivered.how).toBe('kept');
    expect(delivered.fault?.message).toContain('not on Fridays');
  });

  it('keeps what may not be pushed at all, and a follow-up goes on from there', async () => {
    const machine = world.machine({ push: false });
    const first = await machine.prepare();
    const { base } = first;
    inTree(first).write('a.txt', '1\n');
    const delivered = await machine.work(first).deliver(delivery());
    expect(delivered).toMatchObject({ how: 'kept', fault: null });
    const second = await machine.prepare(2);
    expect(second).toMatchObject({ start: delivered.commit, base });
    inTree(second).write('b.txt', '1\n');
    expect(await machine.work(second).deliver(delivery())).toMatchObject({
      bundle: delivered.bundle,
      filesChanged: 2,
    });
    // Work that does not contain the kept one takes nothing away from it.
    const apart = await world.machine().prepare(3);
    inTree(apart).write('c.txt', '1\n');
    const third = await machine.work(apart).deliver(delivery());
    expect(third.bundle).toBe(delivered.bundle?.replace('.bundle', '-2.bundle'));
    expect(listKept(machine.places)).toHaveLength(2);
    expect(world.refs()).toEqual(['refs/heads/main']);
  });

  it('counts from where the branch began, however far the base has moved', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    commitTo(world.bare, { 'moved.txt': 'x\n', 'README.md': 'other\n' });
    const delivered = await machine.work(workspace).deliver(delivery());
    expect(delivered).toMatchObject({ how: 'pushed', filesChanged: 1, base: workspace.base });
  });

  it('does not rewrite what is on the remote, whatever the run did with its history', async () => {
    const machine = world.machine();
    const first = await machine.prepare();
    inTree(first).commit('a.txt', '1\n');
    const { commit: pushed } = await machine.work(first).deliver(delivery());
    const second = await machine.prepare(2);
    inTree(second).write('a.txt', '2\n');
    inTree(second).git('commit', '-q', '-a', '--amend', '-m', 'Rewritten');
    const amended = inTree(second).git('rev-parse', 'HEAD');
    const delivered = await machine.work(second).deliver(delivery());
    expect(delivered.how).toBe('pushed');
    expect(git(world.bare, 'rev-list', BRANCH).split('\n')).toEqual(
      expect.arrayContaining([pushed, amended]),
    );
    expect(git(world.bare, 'show', `${BRANCH}:a.txt`)).toBe('2');
  });

  it('finds the commits of a run that left its branch, or looked at something older', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const tree = inTree(workspace);
    const own = tree.commit('a.txt', '1\n');
    tree.git('checkout', '-q', 'origin/main');
    expect((await machine.work(workspace).deliver(delivery())).commit).toBe(own);
    const second = await machine.prepare(2);
    inTree(second).git('checkout', '-q', '-b', 'elsewhere');
    const more = inTree(second).commit('b.txt', '1\n');
    expect((await machine.work(second).deliver(delivery())).commit).toBe(more);
    expect(onRemote()).toBe(more);
  });
});
