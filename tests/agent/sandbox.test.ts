/** What `sandbox: true` keeps off, tried by a run; where this machine has no sandbox to give, it is skipped. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bash, say, use } from '../support/messages-api/replies.ts';
import { recordWatcher } from '../support/worker/run-world.ts';
import { IS_MISSING, openAgentWorld, type AgentWorld } from './world.ts';

const TRIAL = [
  '--ro-bind',
  '/',
  '/',
  '--dev',
  '/dev',
  '--unshare-pid',
  '--proc',
  '/proc',
  '--unshare-net',
  'true',
];
const HAS_NONE = spawnSync('bwrap', TRIAL).status !== 0 || spawnSync('socat', ['-V']).status !== 0;
if (HAS_NONE) console.error('SKIPPED: bubblewrap and socat do not work here, so the sandbox is not tried.');

describe.skipIf(IS_MISSING || HAS_NONE)('a run of Claude Code in a sandbox', () => {
  let workspace: string;
  let home: string;
  let world: AgentWorld;

  /** As a worker lays it out, with a program and a secret in the home folder of the account. */
  beforeEach(async () => {
    workspace = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'athena-workspace-')));
    home = fs.mkdtempSync(path.join(os.homedir(), '.athena-sandbox-test-'));
    const root = path.join(workspace, 'runs/7-2');
    const at = (name: string) => path.join(root, name);
    const folders = { tree: at('tree'), home: at('home'), temp: at('temp'), config: at('config') };
    for (const folder of Object.values(folders)) fs.mkdirSync(folder, { recursive: true });
    const secrets = [
      path.join(home, 'id_rsa'),
      path.join(workspace, 'state.json'),
      path.join(workspace, 'runs/8-1/tree/x'),
    ];
    for (const file of secrets) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, 'of nobody else');
    }
    fs.mkdirSync(at('attachments'));
    fs.writeFileSync(at('attachments/1-plan.txt'), 'the plan');
    fs.mkdirSync(path.join(home, 'bin'));
    fs.writeFileSync(path.join(home, 'bin/own-tool'), '#!/bin/sh\necho tool\n', { mode: 0o755 });
    const remove = () => {
      for (const folder of [workspace, home]) fs.rmSync(folder, { recursive: true, force: true });
    };
    world = await openAgentWorld(recordWatcher(), { folder: { root, folders, remove } });
  });
  afterEach(async () => {
    await world.close();
  });

  const start = () =>
    world.start(
      {
        env: { ...world.env, PATH: `${path.join(home, 'bin')}:${world.env['PATH'] ?? ''}` },
        fences: { open: [path.join(workspace, 'mirrors/notes.git/objects')], closed: [workspace] },
      },
      { sandbox: true },
    );
  const tools = () => world.watcher.messages.filter(({ kind }) => kind === 'tool').map(({ text }) => text);
  const first = ({ number }: { number: number }) => number === 1;

  test('commands work in it, and see nothing of the account but their own', async () => {
    const { tree } = world.folder.folders;
    const objects = path.join(workspace, 'mirrors/notes.git/objects');
    const git = (...args: string[]) => execFileSync('git', args, { cwd: tree, stdio: 'pipe' });
    git('init', '-q');
    fs.writeFileSync(path.join(tree, 'a.txt'), 'one\n');
    git('add', '-A');
    git('-c', 'user.name=a', '-c', 'user.email=a@localhost', 'commit', '-q', '-m', 'Begin');
    fs.mkdirSync(path.dirname(objects), { recursive: true });
    fs.renameSync(path.join(tree, '.git/objects'), objects);
    fs.mkdirSync(path.join(tree, '.git/objects/info'), { recursive: true });
    fs.mkdirSync(path.join(tree, '.git/objects/pack'), { recursive: true });
    fs.writeFileSync(path.join(tree, '.git/objects/info/alternates'), `${objects}\n`);
    fs.writeFileSync(
      path.join(tree, 'try.sh'),
      [
        `cat ${home}/id_rsa ${workspace}/state.json ${workspace}/runs/8-1/tree/x 2>/dev/null`,
        `touch ${workspace}/w ${workspace}/runs/8-1/tree/w ${objects}/w ${home}/w 2>/dev/null`,
        'touch "$HOME/w" "$TMPDIR/w" w && echo own',
        'git log --oneline | cut -c9-; own-tool; cat ../attachments/1-plan.txt; echo',
        'cat /proc/[0-9]*/environ 2>/dev/null | grep -c VITEST',
      ].join('\n'),
    );
    world.api.script({ when: first, then: bash('sh try.sh') }, { when: /./, then: say('Tried.') });
    expect((await start().ended).ending).toEqual({ kind: 'done', summary: 'Tried.' });
    expect(tools()[0]?.split('\n').slice(1)).toEqual(['own', 'Begin', 'tool', 'the plan', '0']);
    for (const file of [`${workspace}/w`, `${workspace}/runs/8-1/tree/w`, `${objects}/w`, `${home}/w`])
      expect(fs.existsSync(file)).toBe(false);
    // What the sandbox puts into the clone must not end in a commit.
    expect(git('status', '--porcelain').toString().trim().split('\n')).toEqual(['?? try.sh', '?? w']);
  });

  test("Claude's own tools for files keep to the same", async () => {
    world.api.script(
      { when: first, then: use('Read', { file_path: path.join(home, 'id_rsa') }) },
      {
        when: ({ number }) => number === 2,
        then: use('Write', { file_path: path.join(workspace, 'w'), content: 'x' }),
      },
      {
        when: ({ number }) => number === 3,
        then: use('Read', { file_path: path.join(workspace, 'runs/7-2/attachments/1-plan.txt') }),
      },
      {
        when: ({ number }) => number === 4,
        then: use('Write', { file_path: path.join(workspace, 'runs/7-2/tree/mine'), content: 'x' }),
      },
      { when: /./, then: say('Tried.') },
    );
    expect((await start().ended).ending).toEqual({ kind: 'done', summary: 'Tried.' });
    expect(tools().map((text) => /· (ok|failed) ·/.exec(text)?.[1])).toEqual([
      'failed',
      'failed',
      'ok',
      'ok',
    ]);
    expect(tools().join()).not.toContain('of nobody else');
    expect(fs.existsSync(path.join(workspace, 'w'))).toBe(false);
  });
});
