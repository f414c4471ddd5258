/**
 * The clone that a run works in: made while it is still the worker's, with a configuration that holds no credential
 * and no driver, so that what the repository asks for (filters, submodules, hooks) has nothing to run.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Git } from './git.ts';
import type { Mirror } from './mirror.ts';
import { settleRepository } from './own-repository.ts';
import { publicAddress } from './repository-address.ts';
import type { WorkerSettings } from './settings.ts';
import type { Wanted } from './workspace-shape.ts';

export interface CloneWanted {
  readonly wanted: Wanted;
  readonly tree: string;
  readonly from: {
    readonly mirror: Mirror;
    readonly saveDir: string;
    /** What the branch points to. */
    readonly start: string;
    /** What lies in the folder; other than `start` where changes are left uncommitted. */
    readonly files: string;
  };
}

const CHECKOUT_MS = 30 * 60_000;

export async function makeClone(
  { wanted, tree, from }: CloneWanted,
  { git, author }: { git: Git; author: WorkerSettings['git'] },
): Promise<void> {
  const gitDir = path.join(tree, '.git');
  const call = { gitDir, signal: wanted.signal, timeoutMs: CHECKOUT_MS };
  settleRepository(gitDir, {
    isBare: false,
    alternates: [from.mirror.objects],
    settings: settingsOf(wanted, author),
  });
  writeRefs(gitDir, from.mirror);
  // Commits of earlier attempts that the remote does not have come from the worker's own repository: copied, since a
  // run must not hold on to that.
  const brought = ['+refs/run/last:refs/athena/last', '+refs/run/files:refs/athena/files'];
  await git.run(['fetch', '-q', '--no-tags', '--no-write-fetch-head', from.saveDir, ...brought], call);
  const branch = `refs/heads/${wanted.branch}`;
  await git.run(['update-ref', branch, from.start], call);
  await git.run(['symbolic-ref', 'HEAD', branch], call);
  await git.run(['reset', '-q', '--hard', from.files], { ...call, workTree: tree });
  await git.run(['reset', '-q', '--mixed', from.start], { ...call, workTree: tree });
  for (const ref of ['refs/athena/last', 'refs/athena/files']) await git.run(['update-ref', '-d', ref], call);
  fs.rmSync(path.join(gitDir, 'ORIG_HEAD'), { force: true });
}

function settingsOf({ project }: Wanted, author: WorkerSettings['git']): string {
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return [
    '[user]',
    `\tname = ${quoted(author.name)}`,
    `\temail = ${quoted(author.email)}`,
    '[remote "origin"]',
    `\turl = ${quoted(publicAddress(project.repo))}`,
    '\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '[gc]',
    '\tauto = 0',
    '',
  ].join('\n');
}

/** Written at once: one file, however many branches there are and whatever they are called. */
function writeRefs(gitDir: string, { refs }: Mirror): void {
  const lines = [...refs].map(([name, commit]) => {
    return `${commit} ${name.replace(/^refs\/heads\//, 'refs/remotes/origin/')}\n`;
  });
  fs.writeFileSync(path.join(gitDir, 'packed-refs'), lines.join(''));
}
