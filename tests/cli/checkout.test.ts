/** `checkout` in real clones of a real remote; the session's transcript comes from a server of the test's own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ResultView } from '../../src/contract/run.ts';
import { createMachine, type Machine } from '../support/cli-run.ts';
import { refusal, startCliServer, type Answer, type CliServer } from '../support/cli-server.ts';
import { resultView, taskView } from '../support/cli-task.ts';
import { commitTo, git, makeRepository } from '../support/git-server.ts';

const BRANCH = 'claude/5-deploy-new-monitoring-stack';
const TRANSCRIPT = '{"type":"user","text":"Deploy"}\n{"type":"assistant"}\n';

let folder: string;
let bare: string;
let clone: string;
let server: CliServer;
let machine: Machine;
let result: Partial<ResultView>;
let transcript: () => Answer;
beforeEach(async () => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'athena-checkout-')));
  bare = makeRepository(folder, 'notes', { 'a.txt': 'one\n' });
  commitTo(bare, { 'b.txt': 'by a run\n' });
  git(bare, 'update-ref', `refs/heads/${BRANCH}`, 'main');
  git(bare, 'update-ref', 'refs/heads/main', 'main~1');
  clone = path.join(folder, 'my notes');
  git(folder, 'clone', '-q', bare, clone);
  result = { branch: BRANCH, commit: git(bare, 'rev-parse', BRANCH) };
  transcript = () => gzipped(TRANSCRIPT);
  server = await startCliServer(({ url }) =>
    url.endsWith('/transcript')
      ? transcript()
      : { json: { task: taskView({ status: 'completed', result: resultView(result) }) } },
  );
  machine = createMachine(server.url);
});
afterEach(async () => {
  machine.remove();
  await server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

function gzipped(text: string): Answer {
  return {
    raw: (response) => response.writeHead(200, { 'content-type': 'application/gzip' }).end(gzipSync(text)),
  };
}

/** More than 256 MiB once it is unpacked, in members as gzip allows it. */
function bomb(): Answer {
  const member = gzipSync(Buffer.alloc(32 * 1024 * 1024, '{'), { level: 1 });
  return { raw: (response) => response.end(Buffer.concat(Array.from({ length: 9 }, () => member))) };
}

const env = () => ({ PATH: process.env['PATH'] ?? '', HOME: machine.home, GIT_CONFIG_NOSYSTEM: '1' });
const checkout = (...options: string[]) =>
  machine.run(['checkout', '5', ...options], { cwd: clone, env: env() });
const current = () => git(clone, 'symbolic-ref', '--short', 'HEAD');
const sessions = () => machine.files().filter((file) => file.endsWith('.jsonl'));
const sessionFile = () =>
  path.join(machine.home, '.claude/projects', clone.replace(/[^A-Za-z0-9]/g, '-'), 'sess-1.jsonl');

describe('checkout', () => {
  it('switches to the branch, and puts the session where claude --resume finds it', async () => {
    const ran = await checkout();
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(current()).toBe(BRANCH);
    expect(fs.readFileSync(path.join(clone, 'b.txt'), 'utf8')).toBe('by a run\n');
    expect(git(clone, 'rev-parse', '--symbolic-full-name', '@{upstream}')).toBe(
      `refs/remotes/origin/${BRANCH}`,
    );
    expect(fs.readFileSync(sessionFile(), 'utf8')).toBe(TRANSCRIPT);
    expect(fs.statSync(sessionFile()).mode & 0o777).toBe(0o600);
    expect(sessions()).toHaveLength(1);
    expect(ran.stdout).toContain('Go on with:  claude --resume sess-1\n');
    expect(server.calls()).toEqual(['GET /api/tasks/5', 'GET /api/tasks/5/transcript']);
  });

  it('follows CLAUDE_CONFIG_DIR, and names the folder to go to from a folder below', async () => {
    const below = path.join(clone, 'docs');
    fs.mkdirSync(below);
    const config = path.join(folder, 'claude');
    const ran = await machine.run(['checkout', '5', '--json'], { cwd: below, env: { ...env(), CLAUDE_CONFIG_DIR: config } }); // prettier-ignore
    expect(JSON.parse(ran.stdout)).toMatchObject({
      ...{ task_id: 5, branch: BRANCH, remote: 'origin', folder: clone, session_id: 'sess-1' },
      resume: `cd '${clone}' && claude --resume sess-1`,
    });
    expect(fs.readdirSync(path.join(config, 'projects'))).toEqual([clone.replace(/[^A-Za-z0-9]/g, '-')]);
  });

  it('twice brings branch and session up to date', async () => {
    await checkout();
    git(clone, 'switch', '-q', 'main');
    result = { ...result, commit: commitTo(bare, { 'c.txt': 'more\n' }, BRANCH) };
    transcript = () => gzipped(`${TRANSCRIPT}{"type":"user"}\n`);
    expect((await checkout()).code).toBe(0);
    expect([current(), git(clone, 'rev-parse', 'HEAD')]).toEqual([BRANCH, result.commit]);
    expect(fs.readFileSync(sessionFile(), 'utf8')).toBe(`${TRANSCRIPT}{"type":"user"}\n`);
  });

  it('finds the branch at another remote, and takes only the one that is named', async () => {
    git(clone, 'remote', 'rename', 'origin', 'mine');
    git(clone, 'remote', 'add', 'origin', path.join(makeRepository(folder, 'other', { x: 'y' })));
    const ran = await checkout('--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ remote: 'mine' });
    git(clone, 'switch', '-q', 'main');
    expect(await checkout('--remote', 'origin')).toMatchObject({ code: 1 });
    expect(await checkout('--remote', 'nowhere')).toMatchObject({ code: 2 });
    expect(current()).toBe('main');
  });

  it('works in a clone of a single branch', async () => {
    fs.rmSync(clone, { recursive: true });
    git(folder, 'clone', '-q', '--single-branch', bare, clone);
    expect((await checkout()).code).toBe(0);
    expect(current()).toBe(BRANCH);
  });

  it('says so when somebody has gone on with the branch', async () => {
    commitTo(bare, { 'c.txt': 'by somebody\n' }, BRANCH);
    expect((await checkout()).stderr).toContain('somebody went on with it');
  });
});

describe('checkout leaves what is yours alone', () => {
  it('refuses uncommitted changes, with the next step', async () => {
    fs.writeFileSync(path.join(clone, 'a.txt'), 'mine\n');
    const ran = await checkout();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      'One file has changes that are not committed. Commit them, or put them aside',
    );
    expect([current(), fs.readFileSync(path.join(clone, 'a.txt'), 'utf8')]).toEqual(['main', 'mine\n']);
    expect(sessions()).toEqual([]);
  });

  it('refuses to write over a file that git does not know', async () => {
    fs.writeFileSync(path.join(clone, 'b.txt'), 'mine\n');
    const ran = await checkout();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      'The branch brings files that lie here already, and git does not know yours: b.txt. Move or remove them, or',
    );
    expect(ran.stderr).toContain('git stash --include-untracked');
    expect(fs.readFileSync(path.join(clone, 'b.txt'), 'utf8')).toBe('mine\n');
    expect(current()).toBe('main');
  });

  it('refuses a branch of yours that has gone another way', async () => {
    git(clone, 'switch', '-q', '--create', BRANCH);
    fs.writeFileSync(path.join(clone, 'mine.txt'), 'mine\n');
    git(clone, 'add', '.');
    git(clone, 'commit', '-q', '-m', 'Mine');
    const mine = git(clone, 'rev-parse', 'HEAD');
    git(clone, 'switch', '-q', 'main');
    const ran = await checkout();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`git branch -m ${BRANCH} mine`);
    expect([current(), git(clone, 'rev-parse', BRANCH)]).toEqual(['main', mine]);
  });

  it('never overwrites another session, and keeps one that has gone on here', async () => {
    fs.mkdirSync(path.dirname(sessionFile()), { recursive: true });
    fs.writeFileSync(sessionFile(), '{"type":"another"}\n');
    const another = await checkout();
    expect(another.code).toBe(1);
    expect(another.stderr).toContain('Another session lies at');
    expect(fs.readFileSync(sessionFile(), 'utf8')).toBe('{"type":"another"}\n');
    expect(current()).toBe(BRANCH);
    fs.writeFileSync(sessionFile(), `${TRANSCRIPT}{"type":"mine"}\n`);
    const onward = await checkout();
    expect(onward).toMatchObject({ code: 0 });
    expect(onward.stdout).toContain('gone on here since');
    expect(fs.readFileSync(sessionFile(), 'utf8')).toBe(`${TRANSCRIPT}{"type":"mine"}\n`);
  });
});

describe('checkout, where something is missing', () => {
  it('gets the branch with any key, says that the session takes the owner, and exits with 4', async () => {
    transcript = () => refusal(403, 'not_permitted');
    const ran = await checkout();
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain("takes the owner's key; the branch is checked out.");
    expect(current()).toBe(BRANCH);
    const alone = await checkout('--no-session');
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(server.calls().filter((call) => call.endsWith('transcript'))).toHaveLength(1);
  });

  it('is content where there is no session any more, or never was one', async () => {
    transcript = () => refusal(404, 'not_found');
    expect(await checkout()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('not kept any more') as string,
    });
    result = { ...result, session_id: null };
    expect(await checkout()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('not by Claude') as string,
    });
    expect(sessions()).toEqual([]);
  });

  it.each([
    ['no zip', () => ({ raw: (response) => response.end('{"a":1}') })],
    ['no session', () => gzipped('<html>')],
    ['a bomb', () => bomb()],
  ] satisfies [string, () => Answer][])('takes no transcript that is %s', async (_what, sends) => {
    transcript = sends;
    expect(await checkout()).toMatchObject({ code: 1 });
    expect(sessions()).toEqual([]);
  });

  it.each([
    ['a task without a run', { branch: null }, 'no worker has delivered one yet'],
    ['a run that changed nothing', { branch: null, outcome: 'no_changes' }, 'its run changed nothing'],
    ['a branch that was never pushed', { branch: 'claude/5-kept' }, 'work kept'],
    ['an option for a branch', { branch: '--upload-pack=touch x' }, 'is no name for a branch'],
    ['a path for a session', { session_id: '../../x' }, 'is no session id'],
  ])('says what is wrong with %s', async (_what, changes, words) => {
    result = { ...result, ...changes };
    const ran = await checkout();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(words);
    expect(sessions()).toEqual([]);
  });

  it('outside of a clone, and with a remote that cannot be reached, changes nothing', async () => {
    const outside = await machine.run(['checkout', '5'], { cwd: machine.home, env: env() });
    expect(outside).toMatchObject({ code: 2 });
    fs.rmSync(bare, { recursive: true });
    const ran = await checkout();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('Check that you can reach that remote');
    const without = await machine.run(['checkout', '5'], {
      cwd: clone,
      env: { ...env(), PATH: machine.home },
    });
    expect(without.stderr).toContain('Git cannot be found');
  });
});
