/** What a worker says of itself, as the JSON text of its column. */
import type { Worker } from '../core/worker.ts';

type Kept = Omit<Worker, 'heardAt'> & { readonly heardAt: number };

export function toWorkerText(worker: Worker | null): string | null {
  if (worker === null) return null;
  return JSON.stringify({ ...worker, heardAt: worker.heardAt.getTime() } satisfies Kept);
}

export function toWorker(text: string | null): Worker | null {
  if (text === null) return null;
  const kept = JSON.parse(text) as Kept;
  return { ...kept, heardAt: new Date(kept.heardAt) };
}
