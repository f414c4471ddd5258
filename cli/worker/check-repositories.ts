/** Can each project's repository be reached with what the worker has, and has it the branch that work begins from? */
import fs from 'node:fs';
import path from 'node:path';
import { removeTree } from './disk.ts';
import { missing, ok, type Finding } from './finding.ts';
import { GitError } from './git-fault.ts';
import type { Git } from './git.ts';
import { settleRepository } from './own-repository.ts';
import type { Remotes } from './remotes.ts';
import { publicAddress } from './repository-address.ts';
import type { ProjectSettings, WorkerSettings } from './settings.ts';

export interface RepositoryWays {
  readonly git: Git;
  readonly remotes: Remotes;
}

const TIMEOUT_MS = 60_000;

export async function checkRepositories(
  { workspace, projects }: WorkerSettings,
  ways: RepositoryWays,
): Promise<Finding[]> {
  const gitDir = fs.mkdtempSync(path.join(workspace, '.setup-'));
  try {
    settleRepository(gitDir, { isBare: true, alternates: [] });
    return await Promise.all(Object.values(projects).map((project) => checkOne(project, gitDir, ways)));
  } finally {
    await removeTree(gitDir);
  }
}

async function checkOne(
  project: ProjectSettings,
  gitDir: string,
  { git, remotes }: RepositoryWays,
): Promise<Finding> {
  const field = `projects.${project.name}`;
  const address = publicAddress(project.repo);
  const ref = `refs/heads/${project.base}`;
  try {
    const { text } = await remotes.use(project, null, ({ url, env }) =>
      git.run(['ls-remote', url, ref], { gitDir, env, timeoutMs: TIMEOUT_MS }),
    );
    if (text !== '') return ok(field, `${address} has the branch ${project.base}.`);
    return missing(field, `${address} has no branch ${project.base}.`, `Correct ${field}.base.`);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const next =
      error.kind === 'refused' ? 'Set ATHENA_GIT_TOKEN for it.' : `Correct ${field}.repo, or its host.`;
    return missing(field, `${address}: ${error.message.replace(/(?<![.?!])$/, '.')}`, next);
  }
}
