/** The calls of a worker. None is kept for a later process: what it means ends with the lease that it names. */
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import type { Heartbeat } from '../../src/contract/instance.ts';
import type { AskQuestion } from '../../src/contract/question.ts';
import type { AskSignals, PostMessages, PostReport } from '../../src/contract/run.ts';
import type { ClaimNext, CompleteTask, FailTask, ReleaseTask } from '../../src/contract/task.ts';
import type { Call } from '../call.ts';
import { ClientError } from '../errors.ts';
import type { Patience } from '../retry.ts';
import { orAborted } from './or-aborted.ts';

export type WorkerApi = ReturnType<typeof createWorkerApi>;

export interface Reach {
  /** Gives the call up, whatever it waits for. */
  readonly signal: AbortSignal;
  /** How often it is tried again; once where nothing is said. */
  readonly patience?: Patience;
}

/** For as long as it takes; who no longer wants it gives the call up. */
export const FOR_EVER: Patience = { tries: Infinity, withinMs: Infinity, foreignMs: Infinity };
/** For what may offend something on the way to the server, which then refuses it for good: a text of a run. */
export const FOR_TEXTS: Patience = { ...FOR_EVER, foreignMs: 15 * 60_000 };
/** For what can be done without: waited for while the server is away, and soon given up where it fails. */
export const FOR_EXTRAS: Patience = { ...FOR_EVER, foreignMs: 60_000, failingMs: 60_000 };
const ONCE: Patience = { tries: 1, withinMs: 0 };

export function createWorkerApi(callFor: (signal: AbortSignal, patience: Patience) => Call) {
  const via = ({ signal, patience = ONCE }: Reach): Call => {
    const call = callFor(signal, patience);
    return (endpoint, options) => unlessAborted(call(endpoint, options), signal);
  };
  const isFleeting = true;
  return {
    heartbeat: (body: Heartbeat, reach: Reach) => via(reach)(ENDPOINTS.heartbeat, { body, isFleeting }),
    claimNext: (body: ClaimNext, reach: Reach) => {
      const waitMs = (body.wait_seconds ?? 0) * 1000;
      return via(reach)(ENDPOINTS.claimNext, { body, waitMs, isFleeting });
    },
    signals: (body: AskSignals, reach: Reach) => {
      const waitMs = (body.wait_seconds ?? 0) * 1000;
      return via(reach)(ENDPOINTS.signals, { body, waitMs, isFleeting });
    },
    postMessages: (id: number, body: PostMessages, reach: Reach) =>
      via(reach)(ENDPOINTS.postMessages, { id, body, isFleeting }),
    postReport: (id: number, body: PostReport, reach: Reach) =>
      via(reach)(ENDPOINTS.postReport, { id, body, isFleeting }),
    askQuestion: (id: number, body: AskQuestion, reach: Reach) =>
      via(reach)(ENDPOINTS.askQuestion, { id, body, isFleeting }),
    complete: (id: number, body: CompleteTask, reach: Reach) =>
      via(reach)(ENDPOINTS.completeTask, { id, body, isFleeting }),
    fail: (id: number, body: FailTask, reach: Reach) =>
      via(reach)(ENDPOINTS.failTask, { id, body, isFleeting }),
    release: (id: number, body: ReleaseTask, reach: Reach) =>
      via(reach)(ENDPOINTS.releaseTask, { id, body, isFleeting }),
  };
}

/** Also between two tries: the server, or what is in its place, may ask for an hour. */
async function unlessAborted<A>(calling: Promise<A>, signal: AbortSignal): Promise<A> {
  const answered = await orAborted(
    calling.then((answer) => ({ answer })),
    signal,
  );
  if (answered === undefined) throw new ClientError('interrupted', 'Interrupted.');
  return answered.answer;
}
