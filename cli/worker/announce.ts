/** The first heartbeat: who is here, and whether the name is free. Nothing is claimed before it was answered. */
import { ClientError, isFinal } from '../errors.ts';
import { delayBefore, retry, type Patience } from '../retry.ts';
import type { WorkerSettings } from './settings.ts';
import type { Worker } from './open-worker.ts';
import { orAborted } from './or-aborted.ts';
import { errorText } from './worker-log.ts';

export interface Announcing {
  readonly signal: AbortSignal;
  /** Null: for ever. */
  readonly patience: Patience | null;
}

/** Rejects where waiting would not help: a refused key, a name that another process has. */
export async function announce({ kit, session }: Worker, { signal, patience }: Announcing): Promise<void> {
  const { keeper, log, random, git } = kit;
  const beat = () => keeper.beat();
  if (patience !== null) {
    const pace = { now: () => kit.clock.monotonicMs(), random, sleep: git.sleep };
    await orAborted(retry(beat, pace, patience), signal);
  } else {
    for (let failures = 1; !signal.aborted; failures += 1) {
      const error = await orAborted(
        beat().then(() => null, asError),
        signal,
      );
      if (error === undefined || error === null) break;
      if (isFinal(error)) throw error;
      if (failures === 1) log.warn('waits for the server', { error: errorText(error) });
      const delayMs = delayBefore(failures, error.facts.retryAfterMs ?? 0, random());
      await orAborted(git.sleep(delayMs), signal);
    }
  }
  if (signal.aborted) return;
  session.settle();
  keeper.start();
  log.info(greeting(kit.settings), { instance_id: kit.settings.name, session: session.id });
}

function greeting({ name, projects, concurrency }: WorkerSettings): string {
  return `${name} takes tasks for ${Object.keys(projects).join(', ')}, up to ${concurrency} at once`;
}

function asError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  throw error;
}
