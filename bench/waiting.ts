/** Everything that is measured on a server with an empty queue: long poll and memory. */
import { join } from 'node:path';
import { KEY, launchServer } from './contenders.ts';
import { startLoad, type Load } from './load/client.ts';
import { spread, type Spread } from './numbers.ts';
import { residentMbOf, type Child, type Processes } from './processes.ts';

export const PARKED = 1000;
export const CROWD = 64;
const SETTLED_MS = 1500;
const WARM_SAMPLES = 10;

export interface Waiting {
  readonly waited: Spread;
  readonly plain: Spread;
  readonly enqueue: Spread;
  /** One new task at a time, and `CROWD` claims that wait for it. */
  readonly crowd: Spread;
  /** Tasks that more than one of them got, which must be none. */
  readonly crowdDoubled: number;
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
  const crowd = await load.crowd({ port: child.port, key: KEY, waiters: CROWD, samples });
  await child.stop();
  const parked = await measureParked(processes);
  return {
    waited: spread(waits.waited),
    plain: spread(waits.plain),
    enqueue: spread(waits.enqueue),
    crowd: spread(crowd.waited),
    crowdDoubled: crowd.doubled,
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
