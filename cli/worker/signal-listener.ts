/**
 * One long poll for all runs: that a lease is over, new replies, answers. It is begun anew whenever what the worker
 * waits for has changed, and goes on for as long as there are runs.
 */
import type { AskSignals, Signals } from '../../src/contract/run.ts';
import type { RunClock } from './clock.ts';

export type RunSignal = Signals['runs'][number];

export interface WatchedRun {
  readonly leaseId: string;
  /** What it knows by now. */
  readonly known: () => Known;
  readonly hear: (signal: RunSignal) => void;
}

export interface Known {
  readonly repliesAfter: number;
  /** Those that it waits for, whose answer it has gone on with, and that it has left behind. */
  readonly questions: readonly number[];
  readonly heard: readonly number[];
  readonly left: readonly number[];
}

export interface SignalListener {
  /** Returns what ends it. */
  watch(run: WatchedRun): () => void;
  /** One of them waits for something else now. */
  renew(): void;
}

export interface ListenerDeps {
  readonly ask: (body: Omit<AskSignals, 'instance_id'>, signal: AbortSignal) => Promise<Signals>;
  readonly clock: RunClock;
  readonly random: () => number;
  readonly trouble: (error: unknown) => void;
}

/** Shorter than what proxies and networks let pass in silence. */
const WAIT_SECONDS = 50;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5_000;

export function createSignalListener(deps: ListenerDeps): SignalListener {
  const runs = new Map<string, WatchedRun>();
  let polling: AbortController | null = null;

  function renew(): void {
    polling?.abort();
    polling = null;
    if (runs.size === 0) return;
    polling = new AbortController();
    void poll(runs, polling.signal, deps);
  }

  return {
    watch(run) {
      runs.set(run.leaseId, run);
      renew();
      return () => {
        if (runs.delete(run.leaseId)) renew();
      };
    },
    renew,
  };
}

type Runs = ReadonlyMap<string, WatchedRun>;

async function poll(runs: Runs, signal: AbortSignal, deps: ListenerDeps): Promise<void> {
  const { clock, random } = deps;
  for (let failures = 0; !signal.aborted;) {
    const startedMs = clock.monotonicMs();
    const delayMs = await listen(runs, signal, deps).then(
      (hadNews) => {
        failures = 0;
        // A server that stops answers at once, with nothing; asking again at once would only hammer it.
        return hadNews || clock.monotonicMs() - startedMs > FIRST_PAUSE_MS ? 0 : FIRST_PAUSE_MS;
      },
      (error: unknown) => {
        if (!signal.aborted) deps.trouble(error);
        failures += 1;
        return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * random();
      },
    );
    if (delayMs > 0) await new Promise<void>((resolve) => clock.after(delayMs, resolve));
  }
}

/** Whether there were news. */
async function listen(runs: Runs, signal: AbortSignal, deps: ListenerDeps): Promise<boolean> {
  const known = [...runs.values()].map((run) => ({ leaseId: run.leaseId, ...run.known() }));
  const asked = known.map(({ leaseId, repliesAfter, questions, heard, left }) => ({
    lease_id: leaseId,
    replies_after: repliesAfter,
    questions: [...questions],
    heard: [...heard],
    left: [...left],
  }));
  const answer = await deps.ask({ wait_seconds: WAIT_SECONDS, runs: asked }, signal);
  if (signal.aborted) return true;
  for (const one of answer.runs) runs.get(one.lease_id)?.hear(one);
  return answer.runs.length > 0;
}
