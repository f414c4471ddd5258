/** What the runs of one worker share, for tests of whole runs: real git and folders, a server and an executor of the test's. */
import type { AskSignals, Signals } from '../../../src/contract/run.ts';
import { ENDPOINTS } from '../../../src/contract/endpoints.ts';
import { ClientError } from '../../../cli/errors.ts';
import type { Claim } from '../../../cli/worker/claim.ts';
import { createDailySpending } from '../../../cli/worker/daily-spending.ts';
import type { Brief, Ended, Ending, Executor, Watcher } from '../../../cli/worker/executor.ts';
import { NO_TOTALS } from '../../../cli/worker/executor.ts';
import { createLeaseKeeper } from '../../../cli/worker/lease-keeper.ts';
import { createRunsOfTasks } from '../../../cli/worker/runs-of-tasks.ts';
import { createSignalListener } from '../../../cli/worker/signal-listener.ts';
import { errorText } from '../../../cli/worker/worker-log.ts';
import type { Kit } from '../../../cli/worker/worker-kit.ts';
import type { Budget } from '../../../cli/worker/settings.ts';
import type { GitWorld } from '../worker-git.ts';
import { createManualClock } from './run-clock.ts';

type Machine = ReturnType<GitWorld['machine']>;

/** What a run does; the end that it gives is the run's. */
export type Act = (brief: Brief, watcher: Watcher, stopped: AbortSignal) => Promise<Ending>;

/** What was sent of a run, in order. */
export interface Told {
  readonly what: string;
  readonly body: Record<string, unknown>;
}

export interface LiveKitOptions {
  readonly act: Act;
  readonly dailyCostUsd?: number | null;
  readonly limits?: Partial<Budget>;
  readonly api?: Partial<Kit['api']>;
  /** What the long poll about all runs is answered with; else it is not. */
  readonly listener?: (runs: AskSignals['runs']) => Promise<Signals>;
  readonly kit?: Partial<Kit>;
}

interface Schema {
  safeParse(value: unknown): { success: boolean };
}

const NO_LIMITS: Budget = { costUsd: null, tokens: null, turns: null, minutes: null };

export function createLiveKit(machine: Machine, options: LiveKitOptions) {
  const clock = createManualClock();
  const told: Told[] = [];
  const log: string[] = [];
  const haunted: (readonly number[] | null)[] = [];
  const hurry = new AbortController();
  const tell =
    <A>(what: string, answer: A, schema?: Schema) =>
    (_id: number, body: object) => {
      // As the real call does it, before anything is sent.
      const checked = schema?.safeParse(body);
      if (checked?.success === false) return Promise.reject(new ClientError('invalid_input', what));
      told.push({ what, body: { ...body } });
      return Promise.resolve(answer);
    };
  const say = (text: string, { error }: Record<string, unknown> = {}) => {
    log.push(error === undefined ? text : `${text}: ${errorText(error)}`);
  };
  const keeper = createLeaseKeeper({
    clock,
    random: () => 0.5,
    send: ({ lease_ids }) =>
      Promise.resolve({ leases: (lease_ids ?? []).map((lease_id) => ({ lease_id })), lost: [] } as never),
    heard() {},
    trouble() {},
  });
  const kit: Kit = {
    settings: {
      ...{ name: 'lab', capabilities: [], concurrency: 2, defaultProject: null, workspace: machine.folder },
      ...{ graceMs: 1000, holdMs: 60_000, checkpointMs: 120_000, git: machine.deps.author },
      limits: {
        ...{ ...NO_LIMITS, ...options.limits },
        dailyCostUsd: options.dailyCostUsd ?? null,
        minFreeDiskBytes: 0,
      },
      projects: { notes: machine.settings },
    },
    config: { apiUrl: 'http://127.0.0.1:1' },
    env: { PATH: process.env['PATH'] },
    api: {
      postMessages: (id: number, body: { first: number; messages: readonly unknown[] }) =>
        tell('messages', { next: body.first + body.messages.length }, ENDPOINTS.postMessages.body)(id, body),
      askQuestion: tell(
        'question',
        { question: { id: 1, status: 'open', answer: null } },
        ENDPOINTS.askQuestion.body,
      ),
      complete: tell('complete', {}, ENDPOINTS.completeTask.body),
      fail: tell('fail', {}, ENDPOINTS.failTask.body),
      release: tell('release', {}, ENDPOINTS.releaseTask.body),
      postReport: tell('report', { accepted: true }, ENDPOINTS.postReport.body),
      ...options.api,
    } as unknown as Kit['api'],
    files: {
      transcript: () => Promise.reject(new Error('there is none')),
      putTranscript: ({ signal }, body) =>
        signal.aborted
          ? Promise.reject(new ClientError('interrupted', 'Interrupted.'))
          : tell('transcript', undefined)(0, { bytes: body.length }),
      dropTranscript: () => tell('transcript', undefined)(0, { bytes: 0 }),
      attachment: () => Promise.reject(new Error('there is none')),
    },
    keeper,
    listener: createSignalListener({
      ask: ({ runs }) => options.listener?.(runs) ?? new Promise(() => {}),
      clock,
      random: () => 0.5,
      trouble() {},
    }),
    git: { ...machine.deps, remotes: machine.deps.remotes.until(hurry.signal) },
    sweep: {
      platform: process.platform,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      elapsed: () => performance.now(),
      group: () => undefined,
    },
    haunted: { add: (_sweeper, living) => void haunted.push(living), sweep: () => Promise.resolve() },
    secrets: { get: () => undefined, gitToken: () => undefined, know() {}, values: () => [] },
    redact: (text) => text,
    log: { info: say, warn: say },
    clock,
    random: () => 0.5,
    newId: () => `mark-${Math.random().toString(36).slice(2)}`,
    runsOfTasks: createRunsOfTasks(clock),
    spending: createDailySpending({
      workspace: machine.folder,
      limitUsd: options.dailyCostUsd ?? null,
      now: () => clock.now(),
      trouble: (error) => {
        say('not written down', { error });
      },
    }),
    screen: null,
    executorOf: () => executorOf(options.act),
    hurry: hurry.signal,
    ...options.kit,
  };
  return {
    kit,
    clock,
    told,
    log,
    haunted,
    hurry,
    end: () => told.findLast(({ what }) => what !== 'messages'),
  };
}

function executorOf(act: Act): Executor {
  return {
    name: 'claude',
    start(brief, watcher) {
      const stopped = new AbortController();
      const failed = (error: unknown): Ending => ({ kind: 'crashed', detail: String(error) });
      const ended = act(brief, watcher, stopped.signal)
        .catch(failed)
        .then((ending): Ended => ({
          ending: stopped.signal.aborted ? { kind: 'stopped' } : ending,
          totals: NO_TOTALS,
          sessionId: null,
        }));
      return {
        ended,
        pids: () => [],
        reply() {},
        stop: () => {
          stopped.abort();
        },
      };
    },
  };
}

export function claimOf(id = 5, more: Partial<Claim['run']> = {}): Claim {
  const task = {
    ...{ id, description: 'Fix it', attempt: 1, submitted_by: 'Ann', model: null, project: 'notes' },
    ...{ max_cost_usd: null, max_tokens: null, max_turns: null, max_minutes: null },
  };
  return {
    task,
    lease: { lease_id: `1a2b3c4d-0000-4000-8000-00000000000${id}`, heartbeat_seconds: 60 },
    run: {
      ...{ number: 1, branch: `claude/${id}-fix-it`, base: null, session_id: null, has_transcript: false },
      ...{ summary: null, spent: { cost_usd: 0, tokens: 0, turns: 0, minutes: 0 }, grants: 0 },
      ...{ is_finishing: false, rules: [], replies_after: 0, replies: [], answers: [], attachments: [] },
      ...more,
    },
  } as unknown as Claim;
}
