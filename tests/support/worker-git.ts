/** A worker's side of git for tests: a workspace of its own, a git host, and a project on it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createTrash } from '../../cli/worker/disk.ts';
import type { DeliveryDeps, DeliveryWanted } from '../../cli/worker/delivery.ts';
import { createGit } from '../../cli/worker/git.ts';
import { createMirrors } from '../../cli/worker/mirror.ts';
import { createPlaces } from '../../cli/worker/places.ts';
import { createRemotes } from '../../cli/worker/remotes.ts';
import { createRunWork } from '../../cli/worker/run-work.ts';
import type { ProjectSettings } from '../../cli/worker/settings.ts';
import type { Wanted, Workspace } from '../../cli/worker/workspace-shape.ts';
import { prepareWorkspace, type WorkspaceDeps } from '../../cli/worker/workspace.ts';
import { git, GIT_TOKEN, makeRepository, startGitServer } from './git-server.ts';

export const BRANCH = 'claude/5-fix-it';
const LEASE = '1a2b3c4d-0000-4000-8000-000000000000';

function project(repo: string, more: Partial<ProjectSettings> = {}): ProjectSettings {
  return {
    name: 'notes',
    repo,
    base: 'main',
    setup: null,
    setupMs: 60_000,
    idleMs: 60_000,
    turnsPerRun: null,
    executor: 'command',
    command: ['true'],
    model: null,
    permissions: 'ask',
    allow: [],
    deny: [],
    allowRoot: false,
    projectSettings: false,
    mcpServers: {},
    env: { pass: [], set: {} },
    push: true,
    sandbox: false,
    ...more,
  };
}

export type GitWorld = Awaited<ReturnType<typeof startGitWorld>>;

/** `machine()` is a worker with a workspace of its own; several can serve one project. */
export async function startGitWorld(files: Readonly<Record<string, string>> = { 'README.md': 'one\ntwo\n' }) {
  const server = await startGitServer();
  const bare = makeRepository(server.root, 'notes', files);
  const started: (() => Promise<void>)[] = [];
  const machine = (more: Partial<ProjectSettings> = {}) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-workspace-'));
    const remotes = createRemotes({ tokenOf: () => GIT_TOKEN, env: {} });
    started.push(async () => {
      await remotes.close();
      fs.rmSync(folder, { recursive: true, force: true });
    });
    return createMachine({ folder, remotes, settings: project(server.urlOf('notes'), more) });
  };
  return {
    server,
    bare,
    machine,
    /** Of the remote. */
    refs: () => git(bare, 'for-each-ref', '--format=%(refname)').split('\n'),
    async close() {
      for (const stop of started) await stop();
      await server.close();
    },
  };
}

interface MachineParts {
  readonly folder: string;
  readonly remotes: ReturnType<typeof createRemotes>;
  readonly settings: ProjectSettings;
}

function createMachine({ folder, remotes, settings }: MachineParts) {
  const places = createPlaces(folder);
  const trash = createTrash(places);
  const worker = createGit({ searchPath: process.env['PATH'] ?? '' });
  const mirrors = createMirrors({ git: worker, remotes, places, trash });
  const author = { name: 'Athena', email: 'athena@localhost' };
  const deps: WorkspaceDeps & DeliveryDeps = {
    git: worker,
    mirrors,
    remotes,
    places,
    trash,
    author,
    now: () => new Date('2026-03-01T12:00:00Z'),
    sleep: () => Promise.resolve(),
  };
  return {
    folder,
    places,
    deps,
    settings,
    prepare: (run = 1, more: Partial<Wanted> = {}): Promise<Workspace> =>
      prepareWorkspace(
        {
          taskId: 5,
          run,
          branch: BRANCH,
          project: settings,
          base: null,
          delivered: null,
          facts: {},
          ...more,
        },
        deps,
      ),
    work: (workspace: Workspace) => createRunWork(workspace, settings, deps),
  };
}

export function delivery(more: Partial<DeliveryWanted> = {}): DeliveryWanted {
  return {
    leaseId: LEASE,
    leaseFence: () => Promise.resolve('held'),
    subject: 'Fix it',
    submittedBy: 'Ann',
    sessionId: 'session-1',
    ...more,
  };
}

/** As the run does it, with its own clone's configuration. */
export function inTree({ folders }: Workspace) {
  return {
    path: (name: string) => path.join(folders.tree, name),
    write(name: string, text: string) {
      const file = path.join(folders.tree, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
    },
    read: (name: string) => fs.readFileSync(path.join(folders.tree, name), 'utf8'),
    has: (name: string) =>
      fs.lstatSync(path.join(folders.tree, name), { throwIfNoEntry: false }) !== undefined,
    git: (...args: string[]) => git(folders.tree, ...args),
    commit(name: string, text: string) {
      this.write(name, text);
      git(folders.tree, 'add', '-A');
      git(folders.tree, 'commit', '-q', '-m', `Write ${name}`);
      return git(folders.tree, 'rev-parse', 'HEAD');
    },
  };
}
