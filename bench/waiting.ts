/** Everything that is measured on a server with an empty queue: long poll and memory. */
import { join } from 'node:path';
import { KEY, launchServer } from './contenders.ts';
import { startLoad, type Load } from './load/client.ts';
import { spread, type Spread } from './numbers.ts';
import { residentMbOf, type Child, type Processes } from './processes.ts';

export const PARKED = 1000;
const SETTLED_MS = 1500;
const WARM_SAMPLES = 10;

export interface Waiting {
  readonly waited: Spread;
  readonly plain: Spread;
  readonly enqueue: Spread;
  readonly idleMb: number | null;
  readonly parkedMb: number | null;
  /** Parked claims that were answered before their time, which must be none. */
  readonly answeredEarly: number;
}

export async function measureWaiting(processes: Processes, load: Load, samples: number): Promise<Waiting> {
  const child = await processes.serve(launchServer(join(processes.folder, 'empty.db')));
  await settle();
  const idleMb = residentMbOf(child.pid);
  await load.waits({ port: child.port, key: KEY, samples: WARM_SAMPLES });
  const waits = await load.waits({ port: child.port, key: KEY, samples });
  await child.stop();
  const parked = await measureParked(processes);
  return {
    waited: spread(waits.waited),
    plain: spread(waits.plain),
    enqueue: spread(waits.enqueue),
    idleMb,
    ...parked,
  };
}

async function measureParked(processes: Processes): Promise<Pick<Waiting, 'parkedMb' | 'answeredEarly'>> {
  const child: Child = await processes.serve(launchServer(join(processes.folder, 'parked.db')));
  // A client of its own: its thousand connections end with it.
  const load = startLoad(processes);
  const answeredEarly = await load.park({ port: child.port, key: KEY, claims: PARKED, waitSeconds: 60 });
  await settle();
  const parkedMb = residentMbOf(child.pid);
  await child.stop();
  return { parkedMb, answeredEarly };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
}
