import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGit, type GitOutput } from '../../../cli/worker/git.ts';
import { createRemotes, type Remotes } from '../../../cli/worker/remotes.ts';
import type { AllowedRefs } from '../../../cli/worker/push-filter.ts';
import {
  commitTo,
  git,
  GIT_TOKEN,
  makeRepository,
  startGitServer,
  type GitServer,
} from '../../support/git-server.ts';

const worker = createGit({ searchPath: process.env['PATH'] ?? '' });
let server: GitServer;
let elsewhere: GitServer;
let remotes: Remotes;
let folder: string;
let gitDir: string;
let bare: string;

beforeEach(async () => {
  server = await startGitServer();
  elsewhere = await startGitServer();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-proxy-'));
  gitDir = path.join(folder, 'own.git');
  await worker.run(['init', '-q', '--bare', '--template='], { gitDir });
  bare = makeRepository(server.root, 'notes', { 'README.md': 'one\n' });
  remotes = createRemotes({ tokenOf: () => GIT_TOKEN, env: {} });
});
afterEach(async () => {
  await remotes.close();
  await server.close();
  await elsewhere.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const target = (repo = server.urlOf('notes')) => ({ name: 'notes', repo });

function fetch(repo?: string, from: Remotes = remotes): Promise<GitOutput> {
  return from.use(target(repo), null, ({ url, env }) =>
    worker.run(['fetch', '-q', url, '+refs/heads/*:refs/heads/*'], { gitDir, env }),
  );
}

function push(ref: string, commit: string, allowed: AllowedRefs = { [ref]: commit }): Promise<GitOutput> {
  return remotes.use(target(), allowed, ({ url }) =>
    worker.run(['push', url, `${commit}:${ref}`], { gitDir }),
  );
}

async function newCommit(): Promise<string> {
  await fetch();
  const { text: tree } = await worker.run(['rev-parse', 'refs/heads/main^{tree}'], { gitDir });
  const env = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  };
  return (await worker.run(['commit-tree', tree, '-p', 'refs/heads/main', '-m', 'more'], { gitDir, env }))
    .text;
}

const basic = (user: string) => `Basic ${Buffer.from(`${user}:${GIT_TOKEN}`).toString('base64')}`;

describe('the git proxy', () => {
  it('adds the credential to a fetch and to a push, for the user of the URL', async () => {
    await fetch(server.urlOf('notes').replace('http://', 'http://bob%40home@'));
    expect(new Set(server.seen.map((one) => one.authorization))).toEqual(new Set([basic('bob@home')]));
    server.seen.length = 0;
    const commit = await newCommit();
    await push('refs/heads/claude/5-x', commit);
    expect(git(bare, 'rev-parse', 'claude/5-x')).toBe(commit);
    expect(new Set(server.seen.map((one) => one.authorization))).toEqual(new Set([basic('x-access-token')]));
  });

  it('carries packs that are larger than any buffer in both directions', async () => {
    const noise = Buffer.alloc(1.5 * 1024 * 1024, 0);
    for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
    commitTo(bare, { 'big.bin': noise.toString('latin1') });
    await fetch();
    const commit = await newCommit();
    git(bare, 'update-ref', '-d', 'refs/heads/main');
    git(bare, 'gc', '-q', '--prune=now');
    await push('refs/heads/back', commit);
    expect(git(bare, 'cat-file', '-s', 'back:big.bin')).not.toBe('0');
  });

  it('pushes what it was opened for and nothing else', async () => {
    const commit = await newCommit();
    await expect(push('refs/heads/main', commit, { 'refs/heads/claude/5-x': commit })).rejects.toMatchObject({
      kind: 'rejected',
    });
    await expect(
      push('refs/heads/claude/5-x', commit, { 'refs/heads/claude/5-x': '1'.repeat(40) }),
    ).rejects.toMatchObject({ kind: 'rejected' });
    await expect(
      remotes.use(target(), null, ({ url }) =>
        worker.run(['push', url, `${commit}:refs/heads/x`], { gitDir }),
      ),
    ).rejects.toThrow();
    expect(git(bare, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('serves nothing without its path, and is gone with its operation', async () => {
    const url = await remotes.use(target(), null, async (remote) => {
      const other = new URL('/other/info/refs?service=git-upload-pack', remote.url);
      expect((await globalThis.fetch(other)).status).toBe(404);
      expect((await globalThis.fetch(`${remote.url}/HEAD`)).status).toBe(404);
      return remote.url;
    });
    expect(server.seen).toEqual([]);
    await expect(globalThis.fetch(`${url}/info/refs?service=git-upload-pack`)).rejects.toThrow();
  });

  it('takes the token nowhere but to the origin of the repository', async () => {
    makeRepository(elsewhere.root, 'notes', { 'README.md': 'evil\n' });
    server.behave({ kind: 'redirect', to: elsewhere.origin });
    await expect(fetch()).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('redirects to another host') as string,
    });
    expect(elsewhere.seen).toEqual([]);
  });

  it('follows a repository that moved within its origin', async () => {
    server.behave({ kind: 'redirect', to: `${server.origin}/moved` });
    await fetch();
    const commit = await newCommit();
    await push('refs/heads/claude/5-x', commit);
    expect(git(bare, 'rev-parse', 'claude/5-x')).toBe(commit);
  });

  it.each([
    [401, 'refused', 'The repository refused the credentials of this worker: it answers 401'],
    [403, 'refused', 'it answers 403: the token may not do this'],
    [404, 'unreachable', 'there is no such repository, or the token may not see it'],
    [503, 'unreachable', 'The repository cannot be reached: it answers 503'],
  ])('says what %i means', async (status, kind, message) => {
    server.behave({ kind: 'refuse', status });
    await expect(fetch()).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(message) as string,
    });
  });

  it('says that the connection was lost, or refused', async () => {
    server.behave({ kind: 'cut', afterBytes: 100 });
    await expect(fetch()).rejects.toMatchObject({ kind: 'unreachable' });
    const repo = server.urlOf('notes');
    await server.close();
    await expect(fetch(repo)).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'The repository cannot be reached: connection refused',
    });
    server = await startGitServer();
  });

  it('names the rule of the repository that a push broke', async () => {
    const hook = path.join(bare, 'hooks/pre-receive');
    fs.mkdirSync(path.dirname(hook), { recursive: true });
    fs.writeFileSync(hook, '#!/bin/sh\necho "only on Mondays"\nexit 1\n', { mode: 0o755 });
    const commit = await newCommit();
    await expect(push('refs/heads/claude/5-x', commit)).rejects.toMatchObject({
      kind: 'rejected',
      message: expect.stringMatching(/pre-receive hook declined.*only on Mondays/) as string,
    });
  });

  it('does not wait for a host that never answers longer than it is told', async () => {
    server.behave({ kind: 'hang' });
    const hanging = remotes.use(target(), null, ({ url }) =>
      worker.run(['ls-remote', url], { gitDir, timeoutMs: 300 }),
    );
    await expect(hanging).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('goes through the proxy of the machine, unless the host is an exception', async () => {
    const through = createRemotes({ tokenOf: () => GIT_TOKEN, env: { HTTP_PROXY: 'http://127.0.0.1:9' } });
    await expect(fetch(undefined, through)).rejects.toMatchObject({ kind: 'unreachable' });
    await through.close();
    const around = createRemotes({
      tokenOf: () => GIT_TOKEN,
      env: { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
    });
    await fetch(undefined, around);
    await around.close();
  });

  it('needs no proxy for a path of this machine', async () => {
    await fetch(bare);
    expect(server.seen).toEqual([]);
    await expect(fetch(path.join(folder, 'nothing.git'))).rejects.toMatchObject({ kind: 'unreachable' });
  });
});
