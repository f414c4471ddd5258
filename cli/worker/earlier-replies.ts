/**
 * What people said before this claim. A session that goes on has heard it; one that begins anew, or a program that
 * knows no sessions, is told all of it again.
 */
import type { ReplyView } from '../../src/contract/run.ts';
import type { LiveRun } from './live-run.ts';
import { FOR_EXTRAS } from './worker-api.ts';
import { errorText } from './worker-log.ts';

/** Those that earlier runs have taken in, in order; empty where the run is stopped meanwhile. */
export async function fetchEarlierReplies(run: LiveRun): Promise<readonly ReplyView[]> {
  const { kit, claim, stopper } = run;
  const { replies_after: last } = claim.run;
  if (last === 0) return [];
  const { lease_id } = claim.lease;
  const ask = {
    instance_id: kit.settings.name,
    wait_seconds: 0,
    runs: [{ lease_id, replies_after: 0, questions: [] }],
  };
  try {
    const { runs } = await kit.api.signals(ask, { signal: stopper.signal, patience: FOR_EXTRAS });
    return runs.flatMap(({ replies }) => replies.filter(({ number }) => number <= last));
  } catch (error) {
    if (stopper.signal.aborted) return [];
    const text = `The earlier replies could not be fetched: ${errorText(error)}`;
    run.poster.add({ kind: 'notice', text });
    return [];
  }
}
