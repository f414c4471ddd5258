/** A server, a git host, and the built client as a worker between them, for as long as one measurement takes. */
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GIT_TOKEN, makeRepository, startGitServer } from '../tests/support/git-server.ts';
import { createApi, toReply, toRequest } from '../tests/support/http-world.ts';
import { KEY, launchServer } from './contenders.ts';
import type { Processes } from './processes.ts';

const CLIENT = fileURLToPath(new URL('../cli/dist/claude-task-client.mjs', import.meta.url));
const PATIENCE_MS = 10 * 60_000;

export interface WorkerWanted {
  /** Of the folder. */
  readonly name: string;
  readonly concurrency: number;
  /** More of `projects.notes` in `worker.yaml`. */
  readonly project: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Where an Agent SDK is installed already. */
  readonly sdk?: string;
}

export type WorkerStage = Awaited<ReturnType<typeof openWorkerStage>>;

export async function openWorkerStage(processes: Processes, wanted: WorkerWanted) {
  const folder = join(processes.folder, wanted.name);
  const workspace = join(folder, 'workspace');
  fs.mkdirSync(workspace, { recursive: true });
  if (wanted.sdk !== undefined) fs.symlinkSync(wanted.sdk, join(workspace, 'sdk'));
  const server = await processes.serve(launchServer(join(folder, 'tasks.db')));
  const host = await startGitServer();
  const pushes = join(folder, 'pushes');
  const bare = makeRepository(host.root, 'notes', { 'README.md': 'Notes\n', 'src/one.txt': '1\n' });
  fs.writeFileSync(join(bare, 'hooks/post-receive'), noting(pushes), { mode: 0o755 });
  const config = join(folder, 'worker.yaml');
  const { concurrency, project } = wanted;
  const settings = {
    ...{ name: 'bench-worker', workspace, concurrency, limits: { min_free_disk_gb: 0 } },
    projects: { notes: { repo: host.urlOf('notes'), ...project } },
  };
  // JSON is YAML as well.
  fs.writeFileSync(config, JSON.stringify(settings));
  const worker = processes.program({
    command: process.execPath,
    args: [CLIENT, 'work', '--config', config],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      ATHENA_API_URL: `http://127.0.0.1:${server.port}`,
      ATHENA_API_KEY: KEY,
      ATHENA_GIT_TOKEN: GIT_TOKEN,
      ...wanted.env,
    },
  });
  const api = createApi(async (method, path, sent = {}) => {
    const { body, headers } = toRequest({ ...sent, headers: { 'x-api-key': KEY } });
    const init = { method, headers, ...(body !== undefined && { body }) };
    return toReply(await fetch(`http://127.0.0.1:${server.port}${path}`, init));
  });
  return {
    folder,
    worker,
    add: (id: number) => api.add(`Change file ${id}`, { project: 'notes' }),
    /** Milliseconds, by the server's clock. */
    claimedAt: async (id: number) => Date.parse((await api.get(id)).claimed_at ?? ''),
    pushed: () =>
      fs.readFileSync(pushes, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(isBranch).length,
    /** Milliseconds. */
    pushedAt: (id: number) => timeOf(pushes, `refs/heads/claude/${id}-change-file-${id}`),
    async close(): Promise<void> {
      await worker.stop();
      await server.stop();
      await host.close();
    },
  };
}

/** A hook that notes when the host has what was pushed. */
const noting = (file: string) =>
  `#!/bin/sh\nwhile read -r old new ref; do echo "$ref $(date +%s%N)" >> ${file}; done\n`;
const isBranch = (line: string) => line.startsWith('refs/heads/claude/');

/** Milliseconds; NaN where there is no such line. */
export function timeOf(file: string, name: string): number {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const line = lines.find((one) => one.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length)) / 1e6;
}

export async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('The worker did not come to an end in time.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
