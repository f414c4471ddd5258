/** Claim-next and complete, over and over, on many connections at once. */
import { spread, type Spread } from '../numbers.ts';
import { openConnection, type Connection } from './connection.ts';

export interface CycleOrder {
  readonly kind: 'cycles';
  readonly port: number;
  readonly key: string;
  readonly connections: number;
  readonly warmMs: number;
  readonly ms: number;
  /** Stops early after this many claims, so that the backlog never falls below its size. */
  readonly maxClaims: number;
}

export interface CycleReport {
  /** Cycles per second between the end of the warm-up and the moment of the last new cycle. */
  readonly rate: number;
  readonly claim: Spread;
  readonly complete: Spread;
  /** What was acknowledged over the whole slice, warm-up and last cycles included. */
  readonly claims: number;
  readonly completions: number;
  /** Tasks that were handed to two claimants. */
  readonly doubled: number;
  /** Microseconds of this client's processor time for each cycle. */
  readonly clientUs: number;
}

interface Slice {
  readonly order: CycleOrder;
  readonly begin: number;
  readonly seen: Set<string>;
  readonly claimMs: number[];
  readonly completeMs: number[];
  claims: number;
  completions: number;
  counted: number;
  /** The moment after which no new cycle begins. */
  stopAt: number;
}

export async function runCycles(order: CycleOrder): Promise<CycleReport> {
  const connections = await Promise.all(
    Array.from({ length: order.connections }, () => openConnection(order.port, order.key)),
  );
  const begin = performance.now() + order.warmMs;
  const slice: Slice = {
    order,
    begin,
    seen: new Set(),
    claimMs: [],
    completeMs: [],
    claims: 0,
    completions: 0,
    counted: 0,
    stopAt: begin + order.ms,
  };
  const before = process.cpuUsage();
  await Promise.all(connections.map((connection, i) => work(connection, `bench-${i}`, slice)));
  const { user, system } = process.cpuUsage(before);
  for (const connection of connections) connection.close();
  return {
    rate: slice.counted / ((slice.stopAt - begin) / 1000),
    claim: spread(slice.claimMs),
    complete: spread(slice.completeMs),
    claims: slice.claims,
    completions: slice.completions,
    doubled: slice.claims - slice.seen.size,
    clientUs: (user + system) / slice.completions,
  };
}

async function work(connection: Connection, instance: string, slice: Slice): Promise<void> {
  const wish = JSON.stringify({ instance_id: instance });
  for (;;) {
    const claimAt = performance.now();
    if (slice.claims >= slice.order.maxClaims) slice.stopAt = Math.min(slice.stopAt, claimAt);
    if (claimAt >= slice.stopAt) return;
    // Counted before the answer: what is under way counts against the backlog.
    slice.claims += 1;
    const claimed = await connection.post('/api/tasks/claim', wish);
    const completeAt = performance.now();
    const task = field(claimed.body, '"id":', ',');
    const lease = field(claimed.body, '"lease_id":"', '"');
    if (claimed.status !== 200 || task === null || lease === null)
      throw new Error(`A claim was answered ${claimed.status}: ${claimed.body}`);
    slice.seen.add(task);

    const proof = `{"instance_id":"${instance}","lease_id":"${lease}","notes":"done"}`;
    const completed = await connection.post(`/api/tasks/${task}/complete`, proof);
    const now = performance.now();
    if (completed.status !== 200)
      throw new Error(`A completion was answered ${completed.status}: ${completed.body}`);
    slice.completions += 1;
    if (now < slice.begin || now > slice.stopAt) continue;
    slice.counted += 1;
    slice.claimMs.push(completeAt - claimAt);
    slice.completeMs.push(now - completeAt);
  }
}

/** Parsing whole answers would make the client as slow as the server. */
export function field(body: string, name: string, end: string): string | null {
  const from = body.indexOf(name);
  if (from < 0) return null;
  return body.slice(from + name.length, body.indexOf(end, from + name.length));
}
