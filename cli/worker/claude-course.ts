/** The course of one run: what its parts share, when it goes on, and the ways in which it is brought to its end. */
import type { ClaudeInput } from './claude-input.ts';
import type { ClaudeProcess } from './claude-process.ts';
import type { SdkMessage, SdkQuery } from './claude-sdk.ts';
import type { Brief, Ending, Reply, Watcher } from './executor.ts';
import type { IdleTimer } from './idle-timer.ts';
import type { ModelProxyOptions } from './model-proxy-options.ts';
import type { ModelProxy } from './model-proxy.ts';
import type { Trouble } from './model-trouble.ts';
import type { LoadedSdk } from './sdk-home.ts';

/** An interrupted session says its last words within this, or never. */
const LAST_WORDS_MS = 300;
/** Asked to end, then this long, then killed. Together within 700 ms. */
const TERM_MS = 250;
/** After its result a session writes its transcript and goes. */
const LEAVE_MS = 2_000;

export interface ClaudeDeps extends Pick<
  ModelProxyOptions,
  'upstream' | 'credential' | 'dispatcher' | 'patience' | 'stallMs' | 'clock' | 'isDaySpent'
> {
  readonly load: () => Promise<LoadedSdk>;
}

/** What the parts of one run share. */
export interface Session {
  readonly brief: Brief;
  readonly watcher: Watcher;
  readonly deps: ClaudeDeps;
  readonly marker: { readonly name: string; readonly value: string };
  readonly process: ClaudeProcess;
  readonly input: ClaudeInput;
  readonly idle: IdleTimer;
  cause: Ending | null;
  trouble: Trouble | null;
  result: SdkMessage | null;
  sessionId: string | null;
  /** It has told of itself, or the API has answered it. */
  hasBegun: boolean;
  proxy: ModelProxy | null;
  query: SdkQuery | null;
  /** Each calls off what was to happen later. */
  readonly timers: (() => void)[];
  /** The session has said its last words, or will never. */
  isLeaving: boolean;
}

export function onResult(session: Session, result: SdkMessage): void {
  if (result.is_error !== true) session.input.answered();
  const isInterrupted = /^aborted/.test(result.terminal_reason ?? '');
  const isWanted = session.input.isWaiting() && session.cause === null;
  const goesOn = isWanted && (result.is_error !== true || isInterrupted);
  // That of a turn before the last says nothing of how the session ends.
  session.result = goesOn ? null : result;
  if (goesOn) return;
  leave(session, LEAVE_MS);
}

export function pass(session: Session, reply: Reply): void {
  const { input, query } = session;
  if (!reply.now || query === null) {
    input.send(reply);
    return;
  }
  // Announced first: the result of what is interrupted must not end the session.
  input.announce(reply);
  query.interrupt().then(
    () => {
      input.send(reply);
    },
    () => {
      input.send(reply);
    },
  );
}

/** Cuts the run off, whatever it does. */
export function end(session: Session, cause: Ending): void {
  // Through already: only its going can be made quicker.
  if (session.isLeaving && session.result !== null) {
    after(session, TERM_MS, session.process.kill);
    return;
  }
  const isRepeated = session.cause?.kind === 'stopped';
  if (session.cause === null || cause.kind === 'stopped') session.cause = cause;
  if (isRepeated) return;
  session.proxy?.refuse();
  session.query?.interrupt().catch(() => {});
  after(session, LAST_WORDS_MS, () => {
    leave(session, TERM_MS);
    session.process.term();
  });
}

/**
 * Nobody answered. The denial ends the turn that asked, with what was called beside it; that of a subagent ends only the
 * subagent, and whoever called it would go on without the answer.
 */
export function park(session: Session, isInside: boolean): void {
  if (session.cause !== null) return;
  session.cause = { kind: 'parked' };
  session.proxy?.shut();
  const interrupt = () => {
    session.query?.interrupt().catch(() => {});
    after(session, LAST_WORDS_MS, () => {
      leave(session, TERM_MS);
      session.process.term();
    });
  };
  if (isInside) interrupt();
  else after(session, LEAVE_MS, interrupt);
}

/** Nothing more is said; whoever does not go by itself is made to. */
function leave(session: Session, patienceMs: number): void {
  session.isLeaving = true;
  session.input.close();
  after(session, patienceMs, session.process.kill);
}

function after({ deps, timers }: Session, delayMs: number, run: () => void): void {
  timers.push(deps.clock.after(delayMs, run));
}
