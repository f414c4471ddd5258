/** Everything that the demo needs, in one temporary folder and on ports of 127.0.0.1; gone when it ends. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSdk } from '../../cli/worker/sdk-home.ts';
import { startClient, type ClientMachine } from '../../tests/support/client-process.ts';
import { createDiscordTwin, type DiscordTwin } from '../../tests/support/discord-twin/index.ts';
import { GIT_TOKEN, makeRepository, startGitServer } from '../../tests/support/git-server.ts';
import { cleanUp, newFolder, startServer } from '../../tests/support/http-process.ts';
import { KEY } from '../../tests/support/http-world.ts';
import { startMessagesApi } from '../../tests/support/messages-api/index.ts';
import { setup as installSdk } from '../../tests/agent/install.ts';
import { modelScript } from './model.ts';
import { SAMPLE } from './sample.ts';

export interface Stage {
  readonly twin: DiscordTwin;
  /** The bare repository that the worker pushes to. */
  readonly repository: string;
  readonly workerOutput: () => string;
  /** As SIGTERM ends it: what runs is finished first. Resolves with the exit code. */
  stopWorker(): Promise<number | null>;
  close(): Promise<void>;
}

const SDK_FOLDER = fileURLToPath(new URL('../../tests/agent', import.meta.url));

export async function openStage(note: (text: string) => void): Promise<Stage> {
  requireSdk(note);
  const folder = newFolder();
  const twin = createDiscordTwin();
  await twin.start();
  const discord = { DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url };
  const server = await startServer({ folder, env: discord });
  await twin.waitForBot({ timeoutMs: 30_000 });
  const host = await startGitServer();
  const repository = makeRepository(host.root, 'notes', SAMPLE);
  const model = await startMessagesApi();
  model.script(...modelScript());
  const machine: ClientMachine = {
    url: server.url,
    key: KEY,
    home: path.join(folder, 'home'),
    instance: 'homelab',
    env: {
      ATHENA_GIT_TOKEN: GIT_TOKEN,
      ANTHROPIC_API_KEY: 'fake-key-of-the-demo',
      ANTHROPIC_BASE_URL: model.url,
    },
  };
  const worker = startWorker(folder, machine, host.urlOf('notes'));
  let output = '';
  void worker.ended.then(({ stdout, stderr }) => (output = `${stdout}${stderr}`));
  const stop = async () => {
    worker.signal('SIGTERM');
    return (await worker.ended).code;
  };
  return {
    twin,
    repository,
    workerOutput: () => output,
    stopWorker: stop,
    async close() {
      await stop();
      await cleanUp();
      await Promise.all([twin.stop(), host.close(), model.close()]);
    },
  };
}

/** The one thing that may come from the network, and only the first time. */
function requireSdk(note: (text: string) => void): void {
  if (findSdk(SDK_FOLDER).kind === 'ready') return;
  note('The Agent SDK is not there yet; installing it (about 240 MB, this once) ...');
  installSdk();
  const found = findSdk(SDK_FOLDER);
  if (found.kind === 'ready') return;
  throw new Error(`The demo needs the Claude Agent SDK, and it could not be installed. ${found.detail}`);
}

function startWorker(folder: string, machine: ClientMachine, repo: string) {
  const workspace = path.join(folder, 'workspace');
  fs.mkdirSync(machine.home, { recursive: true });
  fs.mkdirSync(workspace, { recursive: true });
  fs.symlinkSync(SDK_FOLDER, path.join(workspace, 'sdk'));
  const config = path.join(machine.home, 'worker.yaml');
  fs.writeFileSync(
    config,
    `name: homelab
workspace: ${workspace}
limits: { min_free_disk_gb: 0 }
projects:
  notes:
    repo: ${repo}
    base: main
    model: claude-sonnet-4-5
    permissions: edit
`,
  );
  return startClient(machine, 'work', '--config', config, '--concurrency', '1');
}
