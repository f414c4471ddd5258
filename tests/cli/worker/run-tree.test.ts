/** What a run leaves in its tree, and what of it arrives. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTree } from '../../../cli/worker/open-tree.ts';
import type { ProjectSettings } from '../../../cli/worker/settings.ts';
import { git } from '../../support/git-server.ts';
import { BRANCH, delivery, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

type Tree = ReturnType<typeof inTree>;

async function deliverWith(act: (tree: Tree) => void, project: Partial<ProjectSettings> = {}) {
  const machine = world.machine(project);
  const workspace = await machine.prepare();
  act(inTree(workspace));
  const delivered = await machine.work(workspace).deliver(delivery());
  return { machine, workspace, delivered };
}

const files = () => git(world.bare, 'ls-tree', '-r', '--name-only', BRANCH).split('\n');

/** A tree as it lies in the repository, whatever its attributes say. */
function commitRaw(named: Readonly<Record<string, string>>): void {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  const env = {
    PATH: process.env['PATH'],
    GIT_DIR: world.bare,
    GIT_INDEX_FILE: path.join(world.server.root, 'raw'),
  };
  const run = (args: string[], input = '') =>
    execFileSync('git', [...who, ...args], { env, input, encoding: 'utf8' }).trim();
  run(['read-tree', 'main']);
  for (const [name, text] of Object.entries(named)) {
    const id = run(['hash-object', '-w', '--stdin'], text);
    run(['update-index', '--add', '--cacheinfo', `100644,${id},${name}`]);
  }
  const commit = run(['commit-tree', run(['write-tree']), '-p', 'main'], 'Raw\n');
  run(['update-ref', 'refs/heads/main', commit]);
}

describe('a folder that may not be read', () => {
  it('is opened before the work in it is taken', async () => {
    const { workspace } = await deliverWith(() => {});
    const tree = inTree(workspace);
    tree.write('shut/deep/result', '1\n');
    for (const [name, mode] of [
      ['shut/deep', 0o600],
      ['shut', 0o000],
      ['', 0o300],
    ] as const) {
      fs.chmodSync(tree.path(name), mode);
    }
    fs.chmodSync(workspace.root, 0o000);
    expect(await openTree(workspace)).toEqual([]);
    const modes = ['', 'shut', 'shut/deep'].map((name) => fs.statSync(tree.path(name)).mode & 0o500);
    expect(modes).toEqual([0o500, 0o500, 0o500]);
    expect(fs.statSync(workspace.root).mode & 0o700).toBe(0o700);
  });
});

describe('what git would wait for', () => {
  it('keeps nobody from the work beside it', async () => {
    const { delivered } = await deliverWith((tree) => {
      tree.write('sub/result', '1\n');
      for (const name of ['.gitattributes', '.gitignore', 'sub/.gitignore', 'sub/.gitattributes']) {
        execFileSync('mkfifo', [tree.path(name)]);
      }
    });
    expect(delivered).toMatchObject({ how: 'pushed', filesChanged: 1 });
    expect(delivered.notices).toHaveLength(1);
    for (const name of ['sub/.gitignore', 'sub/.gitattributes']) expect(delivered.notices[0]).toContain(name);
  }, 20_000);

  it('is no less a file without an end', async () => {
    const { delivered } = await deliverWith((tree) => {
      tree.write('result', '1\n');
      tree.write('.gitignore', '');
      fs.truncateSync(tree.path('.gitignore'), 3 * 1024 ** 3);
    });
    expect(delivered).toMatchObject({ how: 'pushed', filesChanged: 1 });
    expect(delivered.notices).toEqual(['Left out, since git cannot read patterns there: .gitignore.']);
  }, 20_000);
});

describe('a file that no checkout leaves as it is', () => {
  const CONVERTED = {
    '.gitattributes': '*.txt text eol=lf\n*.c ident\n',
    'a.txt': 'one\r\ntwo\r\n',
    'a.c': '$Id: 1234 $\n',
    'b.txt': 'one\r\ntwo\r\n',
  };

  it('is no change of a run that did not touch it', async () => {
    commitRaw(CONVERTED);
    const { delivered } = await deliverWith(() => {});
    expect(delivered).toMatchObject({ how: 'nothing', branch: null, filesChanged: 0 });
  });

  it('is taken with what a run changed in it, and alone', async () => {
    commitRaw(CONVERTED);
    const { delivered, machine } = await deliverWith((tree) => {
      tree.write('b.txt', 'one\r\nTWO\r\n');
      tree.write('new.txt', 'new\n');
    });
    expect(delivered).toMatchObject({ how: 'pushed', filesChanged: 2 });
    const changed = git(world.bare, 'diff', '--name-only', 'main', BRANCH).split('\n');
    expect(changed).toEqual(['b.txt', 'new.txt']);
    const next = await machine.prepare(2, { base: delivered.base });
    expect(await machine.work(next).deliver(delivery())).toMatchObject({ how: 'nothing' });
  });

  it('stays as a run itself committed it', async () => {
    commitRaw(CONVERTED);
    const { delivered } = await deliverWith((tree) => {
      tree.git('add', '--renormalize', '.');
      tree.git('commit', '-q', '-m', 'Normalise');
    });
    expect(delivered).toMatchObject({ how: 'pushed', filesChanged: 3 });
    expect(git(world.bare, 'log', '-1', '--format=%s', BRANCH)).toBe('Normalise');
  });
});

describe('a file', () => {
  const EMPTY = ['.claude/rules/.gitkeep', '.gitmodules', '.mcp.json', '.profile'];

  it('without a byte is taken, unless a sandbox could have laid it there', async () => {
    await deliverWith((tree) => {
      for (const name of EMPTY) tree.write(name, '');
    });
    expect(files()).toEqual([...EMPTY, 'README.md'].sort());
    git(world.bare, 'update-ref', '-d', `refs/heads/${BRANCH}`);
    const masks = (tree: Tree) => {
      for (const name of EMPTY) tree.write(name, '');
    };
    const { delivered } = await deliverWith(masks, { executor: 'claude', sandbox: true });
    expect(delivered.how).toBe('nothing');
  });

  it('that git takes under no such name is named', async () => {
    const { delivered } = await deliverWith((tree) => {
      tree.write('a/.GIT/config', 'x\n');
      tree.write('git~1/x', 'x\n');
      fs.symlinkSync('/etc/passwd', tree.path('.gitmodules'));
      tree.write('result', '1\n');
    });
    expect(files()).toEqual(['README.md', 'result']);
    const [notice] = delivered.notices;
    for (const name of ['git~1/x', '.gitmodules', 'a/.GIT/config']) expect(notice).toContain(name);
  });

  it('that is ignored is counted where nothing else is left of a run', async () => {
    commitRaw({ '.gitignore': 'build/\n*.log\n' });
    const { delivered } = await deliverWith((tree) => {
      tree.write('build/one', '1\n');
      tree.write('build/two', '2\n');
      tree.write('b.log', '1\n');
    });
    expect(delivered).toMatchObject({ how: 'nothing' });
    expect(delivered.notices).toEqual([
      '2 files and folders that .gitignore names were left out: b.log, build/.',
    ]);
  });
});
