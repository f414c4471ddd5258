/**
 * The same with Claude Code, where its SDK is installed (`npm run test:agent` does that): what a run of it weighs, and
 * how long it takes until the model is asked. The stand-in for the model answers at once.
 */
import { fileURLToPath } from 'node:url';
import { findSdk } from '../cli/worker/sdk-home.ts';
import { startMessagesApi } from '../tests/support/messages-api/index.ts';
import { bash, say } from '../tests/support/messages-api/replies.ts';
import { median } from './numbers.ts';
import { familyMbOf, type Processes } from './processes.ts';
import { openWorkerStage, until } from './worker-stage.ts';

const AT_ONCE = 4;
const SDK_FOLDER = fileURLToPath(new URL('../tests/agent', import.meta.url));
/** All of them work then, with their commands. */
const WORK_SECONDS = 20;

export interface ClaudeRuns {
  readonly atOnce: number;
  /** Milliseconds from the claim to the first request for the model, the median. */
  readonly toAsked: number;
  /** MB of the run's processes, shared pages by their share; null where the system does not tell. */
  readonly mbEach: number | null;
}

/** Null: the SDK is not installed. */
export async function measureClaudeRuns(processes: Processes): Promise<ClaudeRuns | null> {
  if (findSdk(SDK_FOLDER).kind !== 'ready') return null;
  const model = await startMessagesApi();
  const askedAt = new Map<number, number>();
  let working = 0;
  model.script(
    { when: /worked/, then: say('Changed it.') },
    {
      when: ({ last }) => {
        const id = Number(/Change file (\d+)/.exec(last)?.[1]);
        if (!askedAt.has(id)) askedAt.set(id, Date.now());
        working = askedAt.size;
        return true;
      },
      then: bash(`echo 1 > file.txt; sleep ${WORK_SECONDS}; echo worked`),
    },
  );
  const stage = await openWorkerStage(processes, {
    name: 'claude-runs',
    concurrency: AT_ONCE,
    sdk: SDK_FOLDER,
    project: { model: 'claude-sonnet-4-5', permissions: 'full', allow_root: true },
    env: { ANTHROPIC_API_KEY: 'fake-key-of-the-bench', ANTHROPIC_BASE_URL: model.url },
  });
  try {
    const before = familyMbOf(stage.worker.pid);
    const ids = Array.from({ length: AT_ONCE }, (_, index) => index + 1);
    for (const id of ids) await stage.add(id);
    await until(() => working === AT_ONCE);
    await new Promise((resolve) => setTimeout(resolve, (WORK_SECONDS * 1000) / 2));
    const during = familyMbOf(stage.worker.pid);
    const waited = await Promise.all(ids.map(async (id) => askedAt.get(id)! - (await stage.claimedAt(id))));
    await until(() => stage.pushed() === AT_ONCE);
    const mbEach = before === null || during === null ? null : (during - before) / AT_ONCE;
    return { atOnce: AT_ONCE, toAsked: median(waited), mbEach };
  } finally {
    await stage.close();
    await model.close();
  }
}
