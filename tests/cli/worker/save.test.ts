import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discardWorkspace } from '../../../cli/worker/workspace.ts';
import { commitTo, git } from '../../support/git-server.ts';
import { BRANCH, delivery, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

/** As a run 1 on another machine would, at that time. */
function pushSave(files: Readonly<Record<string, string>>, date: string): void {
  const index = path.join(world.server.root, 'index');
  const who = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  };
  const env = {
    PATH: process.env['PATH'],
    ...who,
    GIT_DIR: world.bare,
    GIT_INDEX_FILE: index,
    GIT_COMMITTER_DATE: date,
  };
  const run = (args: string[], input = '') =>
    execFileSync('git', args, { env, input, encoding: 'utf8' }).trim();
  run(['read-tree', 'main']);
  for (const [name, text] of Object.entries(files)) {
    const blob = run(['hash-object', '-w', '--stdin'], text);
    run(['update-index', '--add', '--cacheinfo', `100644,${blob},${name}`]);
  }
  const commit = run(['commit-tree', run(['write-tree']), '-p', 'main'], 'Saved\n');
  run(['update-ref', 'refs/athena/5/1', commit]);
}

const saves = () => world.refs().filter((ref) => ref.startsWith('refs/athena/'));

describe('a save', () => {
  it('is what the next attempt begins with, on any machine, and goes with the delivery', async () => {
    const first = world.machine();
    const workspace = await first.prepare();
    const tree = inTree(workspace);
    const own = tree.commit('own.txt', '1\n');
    tree.write('README.md', 'changed\n');
    tree.write('new/file.txt', 'new\n');
    expect(await first.work(workspace).save()).toEqual({ where: 'remote', fault: null, notices: [] });
    expect(saves()).toEqual(['refs/athena/5/1']);

    const second = world.machine();
    const restored = await second.prepare(2, { base: workspace.base });
    expect(restored).toMatchObject({ start: own, base: workspace.base, tip: null, restoredFrom: 1 });
    expect(inTree(restored).git('status', '--porcelain')).toBe('M README.md\n?? new/');
    expect(inTree(restored).git('log', '-1', '--format=%s')).toBe('Write own.txt');
    expect(inTree(restored).read('new/file.txt')).toBe('new\n');
    expect(inTree(restored).git('for-each-ref', 'refs/athena')).toBe('');
    const work = second.work(restored);
    expect((await work.deliver(delivery())).filesChanged).toBe(3);
    await work.dropSaves();
    expect(saves()).toEqual([]);
    expect(git(world.bare, 'rev-parse', `${BRANCH}^`)).toBe(own);
  });

  it('is made again only when something changed, and not where nothing was done', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const work = machine.work(workspace);
    expect(await work.save()).toMatchObject({ where: 'none' });
    inTree(workspace).write('a.txt', '1\n');
    expect(await work.save()).toMatchObject({ where: 'remote' });
    const saved = git(world.bare, 'rev-parse', 'refs/athena/5/1');
    const asked = world.server.seen.length;
    expect(await work.save()).toMatchObject({ where: 'remote' });
    expect(world.server.seen).toHaveLength(asked);
    inTree(workspace).write('a.txt', '2\n');
    await Promise.all([work.save(), work.save()]);
    expect(git(world.bare, 'rev-parse', 'refs/athena/5/1')).not.toBe(saved);
    expect(git(world.bare, 'show', 'refs/athena/5/1:a.txt')).toBe('2');
  });

  it('stays on the machine where it cannot be pushed, and is found there', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    world.server.behave({ kind: 'refuse', status: 403 });
    const saved = await machine.work(workspace).save();
    expect(saved).toMatchObject({ where: 'local', fault: { kind: 'refused' } });
    world.server.behave({ kind: 'serve' });
    discardWorkspace(workspace, machine.deps);
    const next = await machine.prepare(2);
    expect(next.restoredFrom).toBe(1);
    expect(inTree(next).read('a.txt')).toBe('1\n');
    const work = machine.work(next);
    await work.deliver(delivery());
    await work.dropSaves();
    expect((await machine.prepare(3)).restoredFrom).toBeNull();
  });

  it('that could be pushed again is the one that counts, not what stayed on the machine before', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const work = machine.work(workspace);
    inTree(workspace).write('a.txt', 'old\n');
    world.server.behave({ kind: 'refuse', status: 403 });
    expect(await work.save()).toMatchObject({ where: 'local' });
    world.server.behave({ kind: 'serve' });
    inTree(workspace).write('a.txt', 'new\n');
    expect(await work.save()).toMatchObject({ where: 'remote' });
    expect(inTree(await machine.prepare(2)).read('a.txt')).toBe('new\n');
    const store = machine.places.store('notes');
    expect(git(store, 'for-each-ref', 'refs/athena')).toBe('');
  });

  it('of a run that lies in two places is the newer of them', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const work = machine.work(workspace);
    inTree(workspace).write('a.txt', 'here\n');
    world.server.behave({ kind: 'refuse', status: 403 });
    await work.save();
    world.server.behave({ kind: 'serve' });
    const here = git(machine.places.store('notes'), 'rev-parse', 'refs/athena/5/1');
    for (const [date, found] of [
      ['2020-01-01T00:00:00Z', 'here\n'],
      ['2099-01-01T00:00:00Z', 'there\n'],
    ] as const) {
      pushSave({ 'a.txt': 'there\n' }, date);
      expect(inTree(await machine.prepare(2)).read('a.txt')).toBe(found);
    }
    expect(git(machine.places.store('notes'), 'rev-parse', 'refs/athena/5/1')).toBe(here);
  });

  it('never leaves the machine of a project that is not pushed', async () => {
    const machine = world.machine({ push: false });
    const workspace = await machine.prepare();
    inTree(workspace).write('a.txt', '1\n');
    expect(await machine.work(workspace).save()).toMatchObject({ where: 'local', fault: null });
    expect(world.refs()).toEqual(['refs/heads/main']);
    expect((await machine.prepare(2)).restoredFrom).toBe(1);
  });

  it('of a later run stays when an earlier one is through at last', async () => {
    const machine = world.machine({ push: false });
    const first = await machine.prepare(1);
    const second = await machine.prepare(2);
    inTree(second).write('a.txt', '2\n');
    await machine.work(second).save();
    inTree(first).write('a.txt', '1\n');
    await machine.work(first).save();
    await machine.work(first).dropSaves();
    const store = machine.places.store('notes');
    expect(git(store, 'for-each-ref', '--format=%(refname)', 'refs/athena')).toBe('refs/athena/5/2');
  });

  it('is not restored over a branch that went on without it', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const work = machine.work(workspace);
    inTree(workspace).write('a.txt', 'half\n');
    await work.save();
    inTree(workspace).write('a.txt', 'whole\n');
    await work.deliver(delivery());
    const next = await machine.prepare(2);
    expect(next.restoredFrom).toBeNull();
    expect(inTree(next).read('a.txt')).toBe('whole\n');
    expect(inTree(next).git('status', '--porcelain')).toBe('');
  });

  it('follows a run that amends its own commits, without keeping both', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const work = machine.work(workspace);
    const tree = inTree(workspace);
    tree.commit('a.txt', '1\n');
    await work.save();
    tree.write('a.txt', '2\n');
    tree.git('commit', '-q', '-a', '--amend', '-m', 'Better');
    const amended = tree.git('rev-parse', 'HEAD');
    await work.save();
    expect(git(world.bare, 'rev-parse', 'refs/athena/5/1^')).toBe(amended);
    expect((await work.deliver(delivery())).commit).toBe(amended);
  });
});

describe('a hostile run', () => {
  /** Delivers, and gives what arrived. Nothing that the run laid out may have been run, and no other host asked. */
  async function outcome(evil: (parts: Parts) => void) {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const tree = inTree(workspace);
    const marker = path.join(machine.folder, 'ran');
    const script = path.join(workspace.folders.temp, 'evil.sh');
    fs.writeFileSync(script, `#!/bin/sh\necho "$0 $@" >> ${marker}\ncat\n`, { mode: 0o755 });
    evil({ tree, script, folder: workspace.folders.tree, root: workspace.root });
    const work = machine.work(workspace);
    const saved = await work.save();
    const delivered = await work.deliver(delivery());
    expect(fs.existsSync(marker) ? fs.readFileSync(marker, 'utf8') : '').toBe('');
    return {
      saved,
      delivered,
      show: (name: string) => git(world.bare, 'show', `${BRANCH}:${name}`),
      machine,
    };
  }
  interface Parts {
    readonly tree: ReturnType<typeof inTree>;
    readonly script: string;
    readonly folder: string;
    readonly root: string;
  }

  it('gets nothing run by the settings of its clone, and sends the token nowhere', async () => {
    const elsewhere = 'http://127.0.0.1:9/';
    const { delivered, show } = await outcome(({ tree, script, root }) => {
      const included = path.join(root, 'included');
      fs.writeFileSync(included, `[core]\n\tfsmonitor = ${script}\n\tsshCommand = ${script}\n`);
      const settings: [string, string][] = [
        ['core.fsmonitor', script],
        ['core.hooksPath', path.dirname(script)],
        ['core.pager', script],
        ['core.alternateRefsCommand', script],
        ['core.gitProxy', script],
        ['credential.helper', script],
        ['filter.evil.clean', script],
        ['filter.evil.smudge', script],
        ['filter.evil.process', script],
        ['filter.evil.required', 'true'],
        ['diff.evil.textconv', script],
        ['diff.external', script],
        ['merge.evil.driver', script],
        ['gpg.program', script],
        ['commit.gpgSign', 'true'],
        ['uploadpack.packObjectsHook', script],
        ['include.path', included],
        [`url.${elsewhere}.insteadOf`, 'http://'],
        ['http.proxy', elsewhere],
        ['http.sslVerify', 'false'],
        ['remote.origin.promisor', 'true'],
        ['remote.origin.uploadpack', script],
      ];
      tree.write('.gitattributes', '* filter=evil diff=evil merge=evil\n');
      tree.write('a.txt', 'plain\n');
      tree.write('.git/info/attributes', '* filter=evil\n');
      tree.write('.git/info/exclude', '*\n');
      for (const hook of [
        'pre-commit',
        'post-commit',
        'pre-push',
        'reference-transaction',
        'post-index-change',
        'post-checkout',
      ]) {
        tree.write(`.git/hooks/${hook}`, '');
        fs.copyFileSync(script, tree.path(`.git/hooks/${hook}`));
        fs.chmodSync(tree.path(`.git/hooks/${hook}`), 0o755);
      }
      for (const [name, value] of settings) {
        execFileSync('git', ['config', '--file', tree.path('.git/config'), name, value]);
      }
    });
    expect(delivered.how).toBe('pushed');
    expect(show('a.txt')).toBe('plain');
    expect(world.server.seen.every(({ authorization }) => authorization !== undefined)).toBe(true);
  });

  it('gets nothing run by a repository inside the tree, not even where there is a submodule', async () => {
    const bare = world.bare;
    const id = git(bare, 'rev-parse', 'main');
    const index = path.join(world.server.root, 'index');
    const env = { PATH: process.env['PATH'], GIT_DIR: bare, GIT_INDEX_FILE: index };
    const run = (...args: string[]) => execFileSync('git', args, { env, encoding: 'utf8' }).trim();
    run('read-tree', 'main');
    run('update-index', '--add', '--cacheinfo', `160000,${id},sub`);
    const tree = run('write-tree');
    const who = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    };
    const commit = execFileSync('git', ['commit-tree', tree, '-p', 'main', '-m', 'sub'], {
      env: { ...env, ...who },
      encoding: 'utf8',
    });
    run('update-ref', 'refs/heads/main', commit.trim());
    const { delivered } = await outcome(({ tree: files, script }) => {
      for (const name of ['sub', 'other']) {
        fs.mkdirSync(files.path(name), { recursive: true });
        git(files.path(name), 'init', '-q');
        // The very commit that the submodule should have: then git asks whether its files are clean.
        git(files.path(name), 'fetch', '-q', bare, 'main');
        git(files.path(name), 'checkout', '-q', id);
        git(files.path(name), 'config', 'core.fsmonitor', script);
        git(files.path(name), 'config', 'filter.evil.clean', script);
        files.write(`${name}/.gitattributes`, '* filter=evil\n');
        // As long as before: only its content tells that it changed.
        files.write(`${name}/README.md`, 'one\nTWO\n');
      }
      files.write('a.txt', '1\n');
    });
    expect(delivered.how).toBe('pushed');
    expect(delivered.notices.join()).toContain('repositories of their own: other/');
  });

  it('takes no file from outside of its tree along, and no pipe, and no monster', async () => {
    const { delivered, show } = await outcome(({ tree, root }) => {
      const secret = path.join(root, 'home/secret.txt');
      fs.writeFileSync(secret, 'secret');
      fs.mkdirSync(path.join(root, 'home/folder'));
      fs.writeFileSync(path.join(root, 'home/folder/inside.txt'), 'secret');
      fs.symlinkSync(secret, tree.path('link'));
      fs.symlinkSync(path.join(root, 'home/folder'), tree.path('folder'));
      fs.symlinkSync('/', tree.path('root'));
      execFileSync('mkfifo', [tree.path('pipe')]);
      fs.writeFileSync(tree.path('sparse.bin'), '');
      fs.truncateSync(tree.path('sparse.bin'), 50 * 1024 ** 3);
      fs.rmSync(tree.path('README.md'));
      tree.write('README.md/inside', 'a file that became a folder\n');
    });
    expect(show('link')).toMatch(/home\/secret\.txt$/);
    expect(show('folder')).toMatch(/home\/folder$/);
    expect(git(world.bare, 'ls-tree', '-r', '--name-only', BRANCH)).not.toMatch(/inside\.txt|pipe|sparse/);
    expect(delivered.notices).toEqual([
      'Left out and not kept, since they are larger than 100 MiB: sparse.bin.',
    ]);
  });

  it('loses no work by deleting its .git, or its commits by making a new one', async () => {
    const deleted = await outcome(({ tree, folder }) => {
      tree.write('a.txt', '1\n');
      fs.rmSync(path.join(folder, '.git'), { recursive: true });
    });
    expect(deleted.delivered).toMatchObject({ how: 'pushed', filesChanged: 1 });
    expect(deleted.delivered.notices.join()).toContain('Commits of the run could not be read');
    git(world.bare, 'update-ref', '-d', `refs/heads/${BRANCH}`);
    for (const { ref } of saves().map((ref) => ({ ref }))) git(world.bare, 'update-ref', '-d', ref);
    const replaced = await outcome(({ tree, folder }) => {
      fs.rmSync(path.join(folder, '.git'), { recursive: true });
      tree.git('init', '-q');
      tree.commit('b.txt', '1\n');
    });
    expect(replaced.delivered).toMatchObject({ how: 'pushed', filesChanged: 1 });
    expect(git(world.bare, 'merge-base', 'main', BRANCH)).toBe(git(world.bare, 'rev-parse', 'main'));
  });

  it('cannot lead the worker elsewhere by what its .git is, or its tree', async () => {
    const { machine } = await outcome(({ tree, folder, root }) => {
      const other = path.join(root, 'home/other');
      fs.mkdirSync(other);
      fs.renameSync(path.join(folder, '.git'), path.join(other, '.git'));
      fs.symlinkSync(path.join(other, '.git'), path.join(folder, '.git'));
      tree.write('a.txt', '1\n');
    });
    const workspace = await machine.prepare(2, { taskId: 6, branch: 'claude/6-x' });
    fs.rmSync(workspace.folders.tree, { recursive: true });
    fs.symlinkSync('/etc', workspace.folders.tree);
    const delivered = await machine.work(workspace).deliver(delivery());
    expect(delivered).toMatchObject({ how: 'nothing', filesChanged: 0 });
    expect(delivered.notices.join()).toContain('removed its own folder');
  });

  it('cannot smuggle in objects that are not what their names say', async () => {
    const { saved, delivered, show } = await outcome(({ tree }) => {
      tree.commit('a.txt', 'good\n');
      const blob = tree.git('rev-parse', 'HEAD:a.txt');
      const { deflateSync } = process.getBuiltinModule('node:zlib');
      const file = tree.path(`.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`);
      fs.chmodSync(file, 0o600);
      fs.writeFileSync(file, deflateSync(Buffer.from('blob 5\0evil\n')));
      execFileSync('mkfifo', [tree.path(`.git/objects/${blob.slice(0, 2)}/${'0'.repeat(38)}`)]);
      tree.write('a.txt', 'good\n');
    });
    expect(delivered.how).toBe('pushed');
    expect(saved.notices.join()).toContain('Commits of the run could not be read');
    expect(show('a.txt')).toBe('good');
  });

  it('deletes nothing by having checked out only a part', async () => {
    commitTo(world.bare, { 'big/file.txt': '1\n', 'small/file.txt': '1\n' });
    const { delivered, show } = await outcome(({ tree }) => {
      tree.git('sparse-checkout', 'set', 'small');
      tree.write('small/file.txt', '2\n');
    });
    expect(delivered).toMatchObject({ how: 'pushed', filesChanged: 1, deletions: 1 });
    expect(show('big/file.txt')).toBe('1');
  });

  it('keeps names that differ only in their case, or are odd, apart', async () => {
    const { show } = await outcome(({ tree }) => {
      for (const name of ['Read', 'read', '-x', 'a\nb', 'ü "q"', '$(id)']) tree.write(name, `${name}\n`);
      const bytes = Buffer.concat([Buffer.from(tree.path('')), Buffer.from('/\xff\xfe', 'latin1')]);
      fs.writeFileSync(bytes, 'not UTF-8\n');
    });
    expect([show('Read'), show('read'), show('-x'), show('a\nb')]).toEqual(['Read', 'read', '-x', 'a\nb']);
    expect(git(world.bare, 'ls-tree', '-r', '--name-only', BRANCH)).toContain('\\377\\376');
  });
});
