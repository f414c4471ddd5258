/** The executors of this worker, made when the first run needs one. */
import type { Dispatcher } from 'undici';
import { createClaudeExecutor } from './claude-executor.ts';
import type { RunClock } from './clock.ts';
import { createCommandExecutor } from './command-executor.ts';
import { NO_TOTALS, type Ended, type Executor } from './executor.ts';
import type { Credential } from './model-request.ts';
import { createQuotaPatience } from './model-trouble.ts';
import { loadSdk } from './sdk-home.ts';
import type { Secrets } from './secrets.ts';
import type { ProjectSettings } from './settings.ts';

export interface ExecutorDeps {
  readonly secrets: Pick<Secrets, 'get'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dispatcher: Dispatcher;
  readonly clock: RunClock;
  readonly isDaySpent: () => boolean;
  /** Where the Agent SDK lies. */
  readonly sdkFolder: string;
}

export const API = 'https://api.anthropic.com';
const STALL_MS = 120_000;

export function createExecutors(deps: ExecutorDeps): (project: ProjectSettings) => Executor {
  const command = createCommandExecutor(deps.clock);
  let claude: Executor | undefined;
  return ({ executor }) => (executor === 'command' ? command : (claude ??= claudeFor(deps)));
}

/** The key first: who has set both means it to be charged there. */
export function credentialOf(secrets: Pick<Secrets, 'get'>): Credential | null {
  const key = secrets.get('ANTHROPIC_API_KEY');
  if (key !== undefined && key !== '') return { kind: 'key', value: key };
  const token = secrets.get('CLAUDE_CODE_OAUTH_TOKEN');
  return token === undefined || token === '' ? null : { kind: 'oauth', value: token };
}

function claudeFor({ secrets, env, dispatcher, clock, isDaySpent, sdkFolder }: ExecutorDeps): Executor {
  const credential = credentialOf(secrets);
  if (credential === null) return faulty('Neither ANTHROPIC_API_KEY nor CLAUDE_CODE_OAUTH_TOKEN is set.');
  return createClaudeExecutor({
    load: () => loadSdk(sdkFolder),
    upstream: env['ANTHROPIC_BASE_URL'] ?? API,
    credential,
    dispatcher,
    patience: createQuotaPatience(clock),
    clock,
    stallMs: STALL_MS,
    isDaySpent,
  });
}

/** Found out by the first task that needs it: other projects of this worker may do without. */
function faulty(detail: string): Executor {
  const ended: Ended = {
    ending: { kind: 'fault', fault: 'key', detail },
    totals: NO_TOTALS,
    sessionId: null,
  };
  return {
    name: 'claude',
    start: () => ({ ended: Promise.resolve(ended), pids: () => [], reply: () => {}, stop: () => {} }),
  };
}
