/** People push to the branch of a task as well, merge it, and delete it: no work gets lost by that. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discardWorkspace } from '../../../cli/worker/workspace.ts';
import { commitTo, git } from '../../support/git-server.ts';
import { BRANCH, delivery, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';

type Machine = ReturnType<GitWorld['machine']>;

let world: GitWorld;
let machine: Machine;
beforeEach(async () => {
  world = await startGitWorld();
  machine = world.machine();
});
afterEach(() => world.close());

async function deliverFirst(): Promise<{ base: string; delivered: string }> {
  const first = await machine.prepare();
  inTree(first).write('first.txt', '1\n');
  const { base, commit } = await machine.work(first).deliver(delivery());
  await machine.work(first).dropSaves();
  discardWorkspace(first, machine.deps);
  return { base, delivered: commit! };
}

/** Of the second run, which then dies; a person pushes meanwhile. */
async function saveBeside(ours: Readonly<Record<string, string>>, theirs: Readonly<Record<string, string>>) {
  const { base } = await deliverFirst();
  const second = await machine.prepare(2, { base });
  for (const [name, text] of Object.entries(ours)) inTree(second).write(name, text);
  commitTo(world.bare, theirs, BRANCH);
  await machine.work(second).save();
  discardWorkspace(second, machine.deps);
  return base;
}

const saves = () => world.refs().filter((ref) => ref.startsWith('refs/athena/'));

describe('a save on a branch that people went on with', () => {
  it('is what the next attempt begins with, beside what they did', async () => {
    const base = await saveBeside({ 'ours.txt': '1\n' }, { 'theirs.txt': '1\n' });
    const third = await machine.prepare(3, { base });
    expect(third).toMatchObject({ restoredFrom: 2, start: third.tip, untaken: [], notices: [] });
    expect(inTree(third).git('status', '--porcelain')).toBe('?? ours.txt');
    expect(inTree(third).has('theirs.txt')).toBe(true);
    const work = machine.work(third);
    expect(await work.deliver(delivery())).toMatchObject({ how: 'pushed', fault: null });
    await work.dropSaves();
    expect(git(world.bare, 'show', `${BRANCH}:ours.txt`)).toBe('1');
    expect(saves()).toEqual([]);
  });

  it('stays, and is named, where it contradicts them', async () => {
    const base = await saveBeside({ 'first.txt': 'ours\n' }, { 'first.txt': 'theirs\n' });
    const third = await machine.prepare(3, { base });
    expect(third).toMatchObject({ restoredFrom: null, start: third.tip, untaken: ['refs/athena/5/2'] });
    expect(third.notices.join()).toContain('refs/athena/5/2');
    expect(inTree(third).read('first.txt')).toBe('theirs\n');
    inTree(third).write('third.txt', '1\n');
    const work = machine.work(third);
    await work.save();
    await work.deliver(delivery());
    await work.dropSaves();
    expect(saves()).toEqual(['refs/athena/5/2']);
    discardWorkspace(third, machine.deps);
    const fourth = await machine.prepare(4, { base });
    await machine.work(fourth).dropSaves();
    expect(saves()).toEqual(['refs/athena/5/2']);
  });
});

describe('a follow-up whose branch is gone', () => {
  const dropBranch = () => git(world.bare, 'update-ref', '-d', `refs/heads/${BRANCH}`);

  it('begins at the base once the branch was merged there', async () => {
    const { base, delivered } = await deliverFirst();
    git(world.bare, 'update-ref', 'refs/heads/main', delivered);
    dropBranch();
    const newest = commitTo(world.bare, { 'other.txt': '1\n' });
    const second = await machine.prepare(2, { base, delivered });
    expect(second).toMatchObject({ start: newest, base: newest, tip: null, notices: [] });
    expect(await machine.work(second).deliver(delivery())).toMatchObject({ how: 'nothing', branch: null });
  });

  it('begins where it was, as long as this machine knows', async () => {
    const { base, delivered } = await deliverFirst();
    await machine.deps.mirrors.refresh(machine.settings);
    dropBranch();
    const second = await machine.prepare(2, { base, delivered });
    expect(second).toMatchObject({ start: delivered, base });
    expect(second.notices.join()).toContain(BRANCH);
    const elsewhere = await world.machine().prepare(3, { base, delivered });
    expect(elsewhere).toMatchObject({ start: base, base });
    expect(elsewhere.notices.join()).toContain('begins without them');
    expect(fs.existsSync(path.join(elsewhere.folders.tree, 'first.txt'))).toBe(false);
  });
});
