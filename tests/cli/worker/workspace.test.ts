import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discardWorkspace } from '../../../cli/worker/workspace.ts';
import { discardStrays, leftoverWorkspaces, rememberFacts } from '../../../cli/worker/run-records.ts';
import { commitTo, git, GIT_TOKEN } from '../../support/git-server.ts';
import { BRANCH, delivery, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

const head = () => git(world.bare, 'rev-parse', 'main');

describe('a workspace', () => {
  it("is a clone of its own on the task's branch, without any credential", async () => {
    git(world.bare, 'tag', 'v1');
    const machine = world.machine();
    const workspace = await machine.prepare();
    const tree = inTree(workspace);
    expect(workspace).toMatchObject({ base: head(), start: head(), tip: null, restoredFrom: null });
    expect(tree.git('status', '--porcelain=2', '--branch')).toContain(`# branch.head ${BRANCH}`);
    expect(tree.git('status', '--porcelain')).toBe('');
    expect(tree.git('rev-parse', 'origin/main', 'v1')).toBe(`${head()}\n${head()}`);
    expect(tree.git('config', 'remote.origin.url')).toBe(world.server.urlOf('notes'));
    expect(tree.git('rev-parse', '--git-dir', '--git-common-dir')).toBe('.git\n.git');
    expect(findText(machine.folder, GIT_TOKEN)).toEqual([]);
    expect(findText(machine.folder, Buffer.from(`x-access-token:${GIT_TOKEN}`).toString('base64'))).toEqual(
      [],
    );
    const { tree: clone, home, temp, config } = workspace.folders;
    for (const folder of [workspace.root, clone, home, temp, config]) {
      expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    }
  });

  it('begins where the base is now, and for a follow-up where the branch is', async () => {
    const machine = world.machine();
    await machine.prepare(1);
    const base = head();
    const moved = commitTo(world.bare, { 'other.txt': 'x\n' });
    const second = await machine.prepare(2);
    expect(second).toMatchObject({ base: moved, start: moved });
    inTree(second).write('new.txt', 'x\n');
    await machine.work(second).deliver(delivery());
    const later = commitTo(world.bare, { 'third.txt': 'x\n' });
    const followUp = await machine.prepare(3, { base: moved });
    expect(followUp.base).toBe(moved);
    expect(followUp.start).toBe(followUp.tip);
    expect(inTree(followUp).has('new.txt')).toBe(true);
    expect(inTree(followUp).has('third.txt')).toBe(false);
    // A machine that is not told finds the same.
    expect((await world.machine().prepare(4)).base).toBe(moved);
    expect([base, later]).not.toContain(moved);
  });

  it('begins where the branch began, however far the base has moved since', async () => {
    const base = head();
    const machine = world.machine();
    await machine.prepare(1);
    commitTo(world.bare, { 'other.txt': 'x\n' });
    const second = await machine.prepare(2, { base });
    expect(second).toMatchObject({ base, start: base });
    expect(inTree(second).has('other.txt')).toBe(false);
    expect(await machine.work(second).deliver(delivery())).toMatchObject({
      ...{ how: 'nothing', branch: null, commit: null, base, filesChanged: 0 },
    });
    expect(world.refs()).toEqual(['refs/heads/main']);
  });

  it('says what is wrong with a base that is not there', async () => {
    const machine = world.machine({ base: 'trunk' });
    await expect(machine.prepare()).rejects.toThrow('The repository has no branch "trunk": correct "base".');
    expect(leftoverWorkspaces(machine.places)).toEqual([]);
    expect(fs.existsSync(machine.places.run(5, 1))).toBe(false);
  });

  it('takes odd names of branches and files as they are', async () => {
    const odd = ['$(touch${IFS}pwned)', '-x', 'a;b', 'ünï', "it's", 'x/y'];
    for (const name of odd) git(world.bare, 'update-ref', `refs/heads/${name}`, head());
    commitTo(world.bare, { '-rf': '1\n', 'a\nb': '2\n', 'ü "q"': '3\n', 'A.txt': 'A\n', 'a.txt': 'a\n' });
    const workspace = await world.machine().prepare();
    const refs = inTree(workspace).git('for-each-ref', '--format=%(refname)', 'refs/remotes');
    for (const name of odd) expect(refs).toContain(`refs/remotes/origin/${name}`);
    expect(inTree(workspace).read('a\nb')).toBe('2\n');
    expect(inTree(workspace).git('status', '--porcelain')).toBe('');
  });

  it('runs nothing that a repository brings along', async () => {
    const marker = path.join(world.server.root, 'ran');
    commitTo(world.bare, {
      '.gitattributes': '* filter=evil diff=evil merge=evil\n*.bin filter=lfs\n',
      '.gitmodules': `[submodule "sub"]\n\tpath = sub\n\turl = ext::sh -c "touch% ${marker}"\n`,
      '.claude/settings.json': JSON.stringify({ hooks: { SessionStart: [{ command: `touch ${marker}` }] } }),
      'a.bin': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
      '.githooks/post-checkout': `#!/bin/sh\ntouch ${marker}\n`,
    });
    const workspace = await world.machine().prepare();
    expect(inTree(workspace).read('a.bin')).toContain('git-lfs');
    expect(inTree(workspace).has('.claude/settings.json')).toBe(true);
    expect(fs.existsSync(path.join(workspace.folders.tree, '.git/hooks'))).toBe(false);
    expect(fs.existsSync(marker)).toBe(false);
  });

  it('has the settings of the project as its base has them, and only where they are wanted', async () => {
    commitTo(world.bare, {
      '.claude/settings.json': '{"from":"base"}',
      '.claude/skills/deploy/SKILL.md': 'how to deploy',
      '.mcp.json': '{}',
      'b.txt': 'two',
    });
    const machine = world.machine({ projectSettings: true });
    const first = await machine.prepare(1);
    inTree(first).write('.claude/settings.json', '{"from":"a run"}');
    inTree(first).write('.claude/hooks/evil.sh', '#!/bin/sh');
    await machine.work(first).save();
    const second = await machine.prepare(2, { base: first.base });
    expect(inTree(second).read('.claude/settings.json')).toBe('{"from":"a run"}');
    const folder = second.projectConfig ?? '';
    const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isFile()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['settings.json', 'SKILL.md', '.mcp.json']),
    );
    expect(files.filter((file) => file.isFile())).toHaveLength(3);
    expect(fs.readFileSync(path.join(folder, '.claude/settings.json'), 'utf8')).toBe('{"from":"base"}');
    expect(leftoverWorkspaces(machine.places).map((one) => one.projectConfig)).toContain(folder);
    expect((await world.machine().prepare()).projectConfig).toBeNull();
  });

  it('takes no link for the settings of a project, and does without where there are none', async () => {
    const machine = world.machine({ projectSettings: true });
    const plain = await machine.prepare(1);
    expect(fs.readdirSync(plain.projectConfig ?? '')).toEqual([]);
    const other = path.join(world.server.root, 'other');
    git(world.server.root, 'clone', '-q', world.bare, other);
    fs.symlinkSync('../tree', path.join(other, '.claude'));
    git(other, 'add', '-A');
    git(other, 'commit', '-q', '-m', 'link');
    git(other, 'push', '-q', 'origin', 'HEAD:main');
    const linked = await machine.prepare(2);
    expect(linked.base).toBe(head());
    expect(fs.readdirSync(linked.projectConfig ?? '')).toEqual([]);
  });

  it('is remembered until it is discarded, read-only folders and all', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    rememberFacts(workspace, { session: 's' }, machine.places);
    expect(leftoverWorkspaces(machine.places)).toEqual([{ ...workspace, facts: { session: 's' } }]);
    inTree(workspace).write('deep/er/file', 'x');
    fs.chmodSync(path.join(workspace.folders.tree, 'deep/er'), 0o500);
    fs.chmodSync(workspace.root, 0o500);
    fs.mkdirSync(machine.places.run(6, 1), { recursive: true });
    const record = machine.places.record(5, workspace.run);
    const readable = fs.readFileSync(record);
    fs.writeFileSync(record, '{"taskId": 5, "ru');
    discardStrays(machine.deps);
    expect(fs.existsSync(machine.places.run(6, 1))).toBe(false);
    expect(fs.existsSync(workspace.root)).toBe(true);
    fs.writeFileSync(record, readable);
    discardWorkspace(workspace, machine.deps);
    await machine.deps.trash.empty();
    expect(fs.existsSync(workspace.root)).toBe(false);
    expect(fs.readdirSync(machine.places.trash)).toEqual([]);
    expect(leftoverWorkspaces(machine.places)).toEqual([]);
  });
});

describe('the mirror', () => {
  it('is not touched by a run that goes on to write in its clone', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    inTree(workspace).commit('x.txt', 'x\n');
    inTree(workspace).git('gc', '-q', '--prune=now');
    const objects = path.join(machine.places.mirror('notes'), 'objects');
    expect(fs.statSync(objects).mode & 0o222).toBe(0);
    expect(inTree(await machine.prepare(2)).has('x.txt')).toBe(false);
  });

  it('gives the next run what the remote has, whatever a run did to it', async () => {
    const machine = world.machine();
    const workspace = await machine.prepare();
    const mirror = machine.places.mirror('notes');
    const marker = path.join(machine.folder, 'ran');
    const evil = inTree(workspace).commit('README.md', 'evil\n');
    copyObjects(path.join(workspace.folders.tree, '.git/objects'), path.join(mirror, 'objects'));
    fs.writeFileSync(path.join(mirror, 'refs/heads/main'), `${evil}\n`);
    fs.appendFileSync(
      path.join(mirror, 'config'),
      `[core]\n\tfsmonitor = "touch ${marker}"\n\talternateRefsCommand = "touch ${marker};"\n[url "http://127.0.0.1:9/"]\n\tinsteadOf = http://127\n[include]\n\tpath = /etc/passwd\n`,
    );
    fs.mkdirSync(path.join(mirror, 'hooks'), { recursive: true });
    fs.writeFileSync(path.join(mirror, 'hooks/reference-transaction'), `#!/bin/sh\ntouch ${marker}\n`, {
      mode: 0o755,
    });
    fs.mkdirSync(path.join(mirror, 'refs/replace'), { recursive: true });
    fs.writeFileSync(path.join(mirror, 'refs/replace', head()), `${evil}\n`);
    const next = await machine.prepare(2);
    expect(next.start).toBe(head());
    expect(inTree(next).read('README.md')).toBe('one\ntwo\n');
    expect(fs.existsSync(marker)).toBe(false);
  });

  it('is made again when its objects lie', async () => {
    const machine = world.machine();
    await machine.prepare();
    const objects = path.join(machine.places.mirror('notes'), 'objects');
    const blob = git(world.bare, 'rev-parse', 'main:README.md');
    // Another content under the same name: git itself would hand it out.
    const lie = path.join(objects, blob.slice(0, 2));
    fs.chmodSync(objects, 0o700);
    fs.mkdirSync(lie, { recursive: true });
    const { deflateSync } = await import('node:zlib');
    fs.writeFileSync(path.join(lie, blob.slice(2)), deflateSync(Buffer.from('blob 8\0evil!!!\n')));
    const [pack = ''] = fs.readdirSync(path.join(objects, 'pack')).filter((name) => name.endsWith('.pack'));
    fs.chmodSync(path.join(objects, 'pack'), 0o700);
    fs.rmSync(path.join(objects, 'pack', pack));
    expect(inTree(await machine.prepare(2)).read('README.md')).toBe('one\ntwo\n');
    expect(fs.existsSync(path.join(lie, blob.slice(2)))).toBe(false);
  });

  it('is not hashed again while nobody touched it', async () => {
    const machine = world.machine();
    const calls: string[] = [];
    const { git: real } = machine.deps;
    const { createMirrors } = await import('../../../cli/worker/mirror.ts');
    const mirrors = createMirrors({
      ...machine.deps,
      git: { run: (args, call) => (calls.push(args.join(' ')), real.run(args, call)) },
    });
    await mirrors.refresh(machine.settings);
    await Promise.all([mirrors.refresh(machine.settings), mirrors.refresh(machine.settings)]);
    expect(calls.some((call) => call.startsWith('fsck'))).toBe(false);
    fs.rmSync(`${machine.places.mirror('notes')}.seal`);
    await mirrors.refresh(machine.settings);
    expect(calls.some((call) => call.startsWith('fsck'))).toBe(true);
  });
});

function findText(folder: string, text: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => fs.readFileSync(file).includes(text));
}

function copyObjects(from: string, to: string): void {
  for (const name of fs.readdirSync(from).filter((one) => one.length === 2)) {
    fs.cpSync(path.join(from, name), path.join(to, name), { recursive: true, force: true });
  }
}
