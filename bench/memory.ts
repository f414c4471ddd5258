/** What the server weighs after a hundred thousand tasks went through it, all claimed and completed over HTTP. */
import { join } from 'node:path';
import { fill } from './backlog.ts';
import { KEY, launchServer } from './contenders.ts';
import type { Load } from './load/client.ts';
import { residentMbOf, type Processes } from './processes.ts';

const CONNECTIONS = 64;
const LONGEST_MS = 5 * 60_000;
const SETTLED_MS = 3000;

export interface Memory {
  readonly tasks: number;
  /** Null where the system does not tell. */
  readonly residentMb: number | null;
  readonly doubled: number;
}

export async function measureMemory(processes: Processes, load: Load, tasks: number): Promise<Memory> {
  const path = join(processes.folder, 'memory.db');
  await fill(path, { pending: tasks + CONNECTIONS, finished: 0 });
  const child = await processes.serve(launchServer(path));
  const order = { port: child.port, key: KEY, connections: CONNECTIONS, warmMs: 0 };
  const { completions, doubled } = await load.cycles({ ...order, ms: LONGEST_MS, maxClaims: tasks });
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const residentMb = residentMbOf(child.pid);
  await child.stop();
  return { tasks: completions, residentMb, doubled };
}
