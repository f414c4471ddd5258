/**
 * Everything that an unattended worker stands between, as processes and sockets of their own: the built server, the
 * built client, a git host, and the stand-in for the Messages API. Only the model is not the real one.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { ENDPOINTS } from '../../../src/contract/endpoints.ts';
import type { TaskView } from '../../../src/contract/task.ts';
import type { StartedClient } from '../client-process.ts';
import { git, makeRepository, startGitServer, type GitServer } from '../git-server.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../http-process.ts';
import { KEY } from '../http-world.ts';
import { startMessagesApi, type MessagesApi } from '../messages-api/index.ts';
import { createWorkerMachine, type WorkerMachine } from '../worker-machine.ts';

const SDK_FOLDER = fileURLToPath(new URL('../../agent', import.meta.url));
export const MODEL = 'claude-sonnet-4-5';
/** For whatever is really waited for: a machine may be very busy. */
const PATIENCE_MS = 90_000;

export interface WorkerOptions {
  /** Of the account that its model is asked with. */
  readonly apiKey?: string;
  /** More lines for the project `notes`, and for the file. */
  readonly project?: readonly string[];
  readonly file?: readonly string[];
  /** Other projects than `notes`, as `worker.yaml` has them on one line. */
  readonly others?: readonly string[];
  /** Instead of Claude: a command for `/bin/sh -c`. */
  readonly shell?: string;
}

export interface StageWorker extends WorkerMachine {
  start(...argv: string[]): StartedClient;
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

export async function openStage(env: Readonly<Record<string, string>> = {}) {
  const folder = newFolder();
  let server: RunningServer = await startServer({ folder, env });
  const host = await startGitServer();
  const bare = makeRepository(host.root, 'notes', { 'README.md': 'one\n' });
  const model = await startMessagesApi();
  const started: StartedClient[] = [];
  const { port } = server;

  return {
    folder,
    host,
    bare,
    model,
    server: () => server,
    async restartServer(): Promise<void> {
      await server.stop();
      server = await startServer({ folder, env: { ...env, API_PORT: String(port) } });
    },
    /** As if the time had passed for which the task is put off: told to a server that does not run. */
    async letDelayPass(id: number): Promise<void> {
      await server.stop();
      const database = new Database(path.join(folder, 'tasks.db'));
      database.prepare('UPDATE tasks SET not_before = 1 WHERE id = ? AND not_before IS NOT NULL').run(id);
      database.close();
      server = await startServer({ folder, env: { ...env, API_PORT: String(port) } });
    },
    worker(name: string, options: WorkerOptions = {}): StageWorker {
      const machine = machineOf({ folder, name, url: server.url, host, model }, options);
      return {
        ...machine,
        start(...argv) {
          const client = machine.start(...argv);
          started.push(client);
          return client;
        },
      };
    },
    /** Of the remote, without `main`. */
    branches: () => git(bare, 'for-each-ref', '--format=%(refname)').split('\n').filter(isOther),
    show: (branch: string, file: string) => git(bare, 'show', `${branch}:${file}`),
    bytes: (branch: string, file: string) => execFileSync('git', ['-C', bare, 'show', `${branch}:${file}`]),
    ...looks(() => server),
    async close(): Promise<void> {
      for (const client of started) client.signal('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      await cleanUp();
      await Promise.all([host.close(), model.close()]);
    },
  };
}

const isOther = (ref: string) => ref !== '' && ref !== 'refs/heads/main';

interface Around {
  readonly folder: string;
  readonly name: string;
  readonly url: string;
  readonly host: GitServer;
  readonly model: MessagesApi;
}

function machineOf({ folder, name, url, host, model }: Around, options: WorkerOptions): WorkerMachine {
  const { apiKey = 'fake-key-of-the-account', project = [], file = [], others = [], shell = null } = options;
  const claude = [`model: ${MODEL}`, ...(project.some(isPermission) ? [] : FULL)];
  const machine = createWorkerMachine({
    ...{ folder, name, url, shell, file, others },
    repo: host.urlOf('notes'),
    project: [...(shell === null ? claude : []), ...project],
    env: { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: model.url },
  });
  fs.mkdirSync(machine.workspace, { recursive: true, mode: 0o700 });
  fs.symlinkSync(SDK_FOLDER, path.join(machine.workspace, 'sdk'));
  return machine;
}

const FULL = ['permissions: full', 'allow_root: true'];
const isPermission = (line: string) => line.startsWith('permissions:');

/** What a person sees of the server. */
function looks(server: () => RunningServer) {
  const read = async (url: string) => (await server().send('GET', url)).json;
  const task = (id: number): Promise<TaskView> => server().api.get(id);

  async function until(what: string, isSo: () => Promise<boolean>, timeoutMs = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function questions() {
    return ENDPOINTS.questions.answer.parse(await read('/api/questions?status=open')).questions;
  }

  return {
    task,
    until,
    questions,
    async untilTask(id: number, isSo: (task: TaskView) => boolean): Promise<TaskView> {
      let seen = await task(id);
      const look = async () => isSo((seen = await task(id)));
      await until(`task ${id}, which is ${JSON.stringify(seen)}`, look).catch((error: unknown) => {
        throw new Error(`${String(error)}, and became ${JSON.stringify(seen)}`);
      });
      return seen;
    },
    async openQuestion(about: RegExp) {
      const find = async () =>
        (await questions()).find(({ title, detail }) => about.test(`${title}\n${detail}`));
      await until(`a question about ${String(about)}`, async () => (await find()) !== undefined);
      return (await find())!;
    },
    async answer(id: number, body: { option?: string; text?: string }): Promise<void> {
      const { status, text } = await server().send('POST', `/api/questions/${id}/answer`, { body });
      if (status !== 200) throw new Error(`answer ${id}: ${status} ${text}`);
    },
    async reply(id: number, text: string): Promise<unknown> {
      return (await server().send('POST', `/api/tasks/${id}/reply`, { body: { text } })).json;
    },
    /** All of them; they count from one without a gap. */
    async messages(id: number) {
      const url = `/api/tasks/${id}/messages?limit=500`;
      const { messages } = ENDPOINTS.taskMessages.answer.parse(await read(url));
      const isWhole = messages.every(({ seq }, index) => seq === index + 1);
      if (!isWhole) throw new Error(`Messages with gaps: ${JSON.stringify(messages)}`);
      return messages;
    },
    async transcript(id: number): Promise<string> {
      const headers = { 'x-api-key': KEY };
      const answer = await fetch(`${server().url}/api/tasks/${id}/transcript`, { headers });
      if (answer.status !== 200) throw new Error(`transcript: ${answer.status}`);
      return gunzipSync(Buffer.from(await answer.arrayBuffer())).toString('utf8');
    },
    async instance(name: string) {
      const { instances } = await server().api.instances();
      return instances.find(({ id }) => id === name);
    },
  };
}

export function trailersOf(bare: string, branch: string): Record<string, string> {
  const text = git(bare, 'log', '-1', '--format=%(trailers:only)', branch);
  return Object.fromEntries(text.split('\n').map((line) => line.split(': ', 2) as [string, string]));
}
