/** The real Agent SDK against the stand-in for the Messages API, for one run at a time. */
import { randomBytes } from 'node:crypto';
import { createClaudeExecutor } from '../../cli/worker/claude-executor.ts';
import { systemClock } from '../../cli/worker/clock.ts';
import type { Brief, Running } from '../../cli/worker/executor.ts';
import { createQuotaPatience } from '../../cli/worker/model-trouble.ts';
import { createDispatcher } from '../../cli/worker/remotes.ts';
import { findSdk, loadSdk } from '../../cli/worker/sdk-home.ts';
import type { ProjectSettings } from '../../cli/worker/settings.ts';
import { startMessagesApi, type MessagesApi } from '../support/messages-api/index.ts';
import {
  briefOf,
  makeRunFolder,
  projectSettings,
  recordWatcher,
  type RecordedWatcher,
  type RunFolder,
} from '../support/worker/run-world.ts';

/** Another one in each file: other workers of this machine, which are looked at too, may just be starting with theirs. */
export const REAL_KEY = `fake-real-key-${randomBytes(9).toString('hex')}`;
const MODEL = 'claude-sonnet-4-5';
export const IS_MISSING = findSdk(import.meta.dirname).kind === 'missing';

export interface AgentWorld {
  readonly api: MessagesApi;
  readonly folder: RunFolder;
  readonly watcher: RecordedWatcher;
  /** Of a run that is started without another. */
  readonly env: Brief['env'];
  start(over?: Partial<Brief>, project?: Partial<ProjectSettings>): Running;
  close(): Promise<void>;
}

interface WorldOptions {
  readonly stallMs?: number;
  readonly folder?: RunFolder;
  readonly isDaySpent?: () => boolean;
}

export async function openAgentWorld(
  watcher: RecordedWatcher = recordWatcher(),
  { stallMs = 60_000, folder = makeRunFolder(), isDaySpent = () => false }: WorldOptions = {},
): Promise<AgentWorld> {
  const api = await startMessagesApi();
  const dispatcher = createDispatcher({});
  const executor = createClaudeExecutor({
    load: () => loadSdk(import.meta.dirname),
    upstream: api.url,
    credential: { kind: 'key', value: REAL_KEY },
    dispatcher,
    patience: createQuotaPatience(systemClock),
    clock: systemClock,
    stallMs,
    isDaySpent,
  });
  const runs: Running[] = [];
  return {
    api,
    folder,
    watcher,
    env: briefOf(folder).env,
    start(over = {}, project = {}) {
      const settings = projectSettings({
        executor: 'claude',
        model: MODEL,
        permissions: 'full',
        ...project,
      });
      const run = executor.start(briefOf(folder, { project: settings, ...over }), watcher);
      runs.push(run);
      return run;
    },
    async close() {
      for (const run of runs) {
        run.stop();
        await run.ended;
      }
      await api.close();
      await dispatcher.destroy();
      folder.remove();
    },
  };
}
