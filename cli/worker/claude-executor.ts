/**
 * A run by Claude Code, through the Agent SDK: its own process, its own way to the model, and people asked where the
 * rules leave something open. See `claude-options.ts` for what a session may, `claude-ending.ts` for how it is judged.
 */
import { randomBytes } from 'node:crypto';
import { endingOf, troubleEnding } from './claude-ending.ts';
import { end, onResult, park, pass, type ClaudeDeps, type Session } from './claude-course.ts';
import { createInput } from './claude-input.ts';
import { createNarrator } from './claude-messages.ts';
import { sessionOptions } from './claude-options.ts';
import { createPermissions } from './claude-permissions.ts';
import { createClaudeProcess } from './claude-process.ts';
import type { SdkMessage, SdkQuery } from './claude-sdk.ts';
import { placeTranscript } from './claude-transcript.ts';
import { watchOutputs } from './command-outputs.ts';
import type { Brief, Ended, Ending, Executor, Running, Watcher } from './executor.ts';
import { NO_TOTALS } from './executor.ts';
import { idleDetail, startIdleTimer } from './idle-timer.ts';
import { spentOf } from './model-tally.ts';
import { openModelProxy, type ModelProxy } from './model-proxy.ts';
import { MARK_VARIABLE } from './process-sweep.ts';
import type { Budget } from './settings.ts';

export function createClaudeExecutor(deps: ClaudeDeps): Executor {
  return { name: 'claude', start: (brief, watcher) => startClaude(brief, watcher, deps) };
}

function startClaude(brief: Brief, watcher: Watcher, deps: ClaudeDeps): Running {
  const session = createSession(brief, watcher, deps);
  const ended = drive(session)
    .then(
      (error) =>
        endingOf({
          ...session,
          error,
          spent: spentBy(session),
          isNamed: isNamed(session),
        }),
      (error: unknown): Ending => session.cause ?? { kind: 'fault', fault: 'binary', detail: textOf(error) },
    )
    .then((ending) => finish(session, ending));
  return {
    ended,
    pids: () => session.process.pids(),
    reply: (reply) => {
      pass(session, reply);
    },
    stop: () => {
      end(session, { kind: 'stopped' });
    },
  };
}

function isNamed({ brief }: Session): boolean {
  return brief.model !== null && brief.model !== brief.project.model;
}

function spentBy({ brief, proxy }: Session): keyof Budget | null {
  return spentOf(brief.left, proxy?.totals() ?? NO_TOTALS);
}

function createSession(brief: Brief, watcher: Watcher, deps: ClaudeDeps): Session {
  const marker = { name: MARK_VARIABLE, value: brief.env[MARK_VARIABLE] ?? randomBytes(16).toString('hex') };
  const session: Session = {
    brief,
    deps,
    marker,
    watcher: {
      ...watcher,
      session(id) {
        session.sessionId = id;
        session.hasBegun = true;
        watcher.session(id);
      },
    },
    process: createClaudeProcess(`${marker.name}=${marker.value}`),
    input: createInput(brief, (number) => {
      watcher.tookIn(number);
    }),
    idle: startIdleTimer(deps.clock, brief.project.idleMs, () => {
      end(session, { kind: 'failed', detail: idleDetail(brief.project.idleMs) });
    }),
    cause: null,
    trouble: null,
    result: null,
    sessionId: null,
    hasBegun: false,
    proxy: null,
    query: null,
    timers: [],
    isLeaving: false,
  };
  return session;
}

/** Resolves with what was thrown at the end, in words; rejects where the session could not even begin. */
async function drive(session: Session): Promise<string> {
  const { brief, deps } = session;
  const model = brief.model ?? brief.project.model;
  if (model === null) {
    session.cause ??= { kind: 'failed', detail: 'No model is set: name one in the task or in worker.yaml.' };
    return '';
  }
  const { sdk, program } = await deps.load();
  session.proxy = await openProxy(session, model);
  if (brief.resume !== null) placeTranscript(brief.folders, brief.resume.sessionId, brief.resume.transcript);
  if (session.cause !== null) return '';
  const options = sessionOptions(brief, {
    model,
    proxy: session.proxy,
    credential: deps.credential,
    canUseTool: permissionsOf(session),
    spawn: session.process.spawn,
    marker: session.marker,
  });
  session.query = sdk.query({
    prompt: session.input.stream,
    options: { ...options, pathToClaudeCodeExecutable: program },
  });
  return listen(session, session.query);
}

function permissionsOf(session: Session) {
  const { brief, watcher, idle } = session;
  return createPermissions(brief, {
    watcher,
    pause: () => {
      idle.pause();
    },
    resume: () => {
      idle.resume();
    },
    park: (isInside) => {
      park(session, isInside);
    },
    isEnding: () => session.cause !== null,
  });
}

function openProxy(session: Session, model: string): Promise<ModelProxy> {
  const { deps, brief, watcher } = session;
  return openModelProxy({
    ...deps,
    // A suffix that widens the context is the program's own; the API knows the model without it.
    models: [...new Set([model, model.replace(/\[[^\]]*\]$/, '')])],
    left: brief.left,
    events: {
      alive: () => {
        session.hasBegun = true;
        alive(session);
      },
      totals: (totals) => {
        watcher.totals(totals);
        if (totals.turns > 0) session.input.answered();
      },
      spent: (which) => {
        session.cause ??= which === 'day' ? { kind: 'daily' } : { kind: 'budget', which };
      },
      trouble: (trouble) => {
        session.trouble = trouble;
        session.hasBegun = true;
        // The program would ask again and again, as if a wrong key became right by that.
        if (trouble !== null && HOPELESS.includes(trouble.kind))
          end(session, troubleEnding(trouble, isNamed(session)));
      },
    },
  });
}

const HOPELESS: readonly string[] = ['key', 'billing', 'model'];

function alive({ idle }: Session): void {
  idle.touch();
}

async function listen(session: Session, query: SdkQuery): Promise<string> {
  const { watcher, deps, brief } = session;
  const narrator = createNarrator({ watcher, clock: deps.clock, folder: brief.folders.tree });
  const outputs = watchOutputs(brief.folders.temp, deps.clock, () => {
    alive(session);
  });
  try {
    for await (const message of query) {
      if (message.type === 'assistant' || message.type === 'user') alive(session);
      session.input.see(message);
      noteLimit(session, message);
      narrator.see(message);
      if (message.type === 'result') onResult(session, message);
    }
    return session.process.errors();
  } catch (error) {
    return [unstartable(textOf(error)), session.process.errors()].filter((text) => text !== '').join('\n');
  } finally {
    outputs.stop();
  }
}

/** The package speaks to whoever calls it, of options that nobody here has. */
function unstartable(said: string): string {
  if (!/pathToClaudeCodeExecutable|not executable|could not be spawned/i.test(said)) return said;
  return 'its program cannot be run here. Install it again with "claude-task-client work setup".';
}

/** With a subscription the program is told when the account has something left again. */
function noteLimit(session: Session, { type, rate_limit_info: limit }: SdkMessage): void {
  if (type !== 'rate_limit_event' || limit?.status !== 'rejected' || limit.resetsAt === undefined) return;
  const until = new Date(limit.resetsAt * 1_000);
  if (until > session.deps.clock.now()) {
    session.trouble = { kind: 'quota', until, detail: 'The limit of the subscription is reached.' };
  }
}

async function finish(session: Session, ending: Ending): Promise<Ended> {
  const { process, idle, proxy } = session;
  session.isLeaving = true;
  idle.stop();
  session.input.close();
  for (const callOff of session.timers) callOff();
  process.kill();
  await proxy?.close();
  return {
    ending: needsTrouble(session, ending),
    totals: proxy?.totals() ?? NO_TOTALS,
    sessionId: session.sessionId,
  };
}

/** A run that fell silent while the API refused fell silent for that. */
function needsTrouble(session: Session, ending: Ending): Ending {
  const { trouble, cause } = session;
  const isIdle = cause?.kind === 'failed' && trouble !== null;
  return isIdle ? troubleEnding(trouble, isNamed(session)) : ending;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
