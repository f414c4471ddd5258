/** The worker's own git can be killed at any time: by a machine without memory, or by whoever looks after it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GitError } from '../../../cli/worker/git-fault.ts';
import { createGit, type Git } from '../../../cli/worker/git.ts';
import { createRunWork } from '../../../cli/worker/run-work.ts';
import { git } from '../../support/git-server.ts';
import { inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

describe('a git that was killed in the middle of a save', () => {
  const killedAt = (machine: ReturnType<GitWorld['machine']>, command: string): Git => {
    let isKilled = false;
    return {
      run: (args, call) => {
        if (isKilled || args[0] !== command) return machine.deps.git.run(args, call);
        isKilled = true;
        fs.writeFileSync(path.join(call.gitDir, 'index.lock'), '');
        return Promise.reject(new GitError('killed', 'Git was killed.'));
      },
    };
  };

  it('is not taken for a file that cannot be read, and the next save takes all', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    const git_ = killedAt(machine, 'update-index');
    const work = createRunWork(workspace, machine.settings, { ...machine.deps, git: git_ });
    await expect(work.save()).rejects.toThrow('Git was killed');
    fs.writeFileSync(path.join(workspace.saveDir, 'refs/run/last.lock'), '');
    expect(await work.save()).toEqual({ where: 'remote', fault: null, notices: [] });
    expect(git(world.bare, 'show', 'refs/athena/5/1:a.txt')).toBe('1');
  });

  it('makes the worker say who ended it', async () => {
    const program = path.join(world.server.root, 'git');
    fs.writeFileSync(program, '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 });
    const killed = createGit({ searchPath: '/usr/bin:/bin', program }).run([], { gitDir: '/nonexistent' });
    await expect(killed).rejects.toMatchObject({ kind: 'killed' });
  });
});
