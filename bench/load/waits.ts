/** Waiting claims: how soon a new task reaches one, and what a thousand of them weigh. */
import { field } from './cycles.ts';
import { openConnection, type Connection } from './connection.ts';

export interface WaitOrder {
  readonly kind: 'waits';
  readonly port: number;
  readonly key: string;
  readonly samples: number;
}

/** Milliseconds each. */
export interface WaitReport {
  /** From sending a new task to its claim in the hands of a claimant that was waiting. */
  readonly waited: readonly number[];
  /** A claim of a task that was there already. */
  readonly plain: readonly number[];
  /** Sending a new task, answered: the part of `waited` that is no claim. */
  readonly enqueue: readonly number[];
}

export interface ParkOrder {
  readonly kind: 'park';
  readonly port: number;
  readonly key: string;
  readonly claims: number;
  readonly waitSeconds: number;
}

const TASK = JSON.stringify({ description: 'Restart the reverse proxy and tell what it said.' });
/** Long enough for the claim to be parked before the task is sent. */
const PARKED_MS = 5;

/** Alternates the two, so that a slow moment of the machine hits both. */
export async function runWaits({ port, key, samples }: WaitOrder): Promise<WaitReport> {
  const claimant = await openConnection(port, key);
  const submitter = await openConnection(port, key);
  const report = { waited: [] as number[], plain: [] as number[], enqueue: [] as number[] };
  for (let i = 0; i < samples; i += 1) {
    const waiting = claim(claimant, 30);
    await new Promise((resolve) => setTimeout(resolve, PARKED_MS));
    const sentAt = performance.now();
    const sent = submitter.post('/api/tasks', TASK).then(() => performance.now() - sentAt);
    const waited = await waiting;
    report.waited.push(waited.at - sentAt);
    report.enqueue.push(await sent);
    await complete(claimant, waited.body);

    await submitter.post('/api/tasks', TASK);
    const claimAt = performance.now();
    const plain = await claim(claimant, 0);
    report.plain.push(plain.at - claimAt);
    await complete(claimant, plain.body);
  }
  claimant.close();
  submitter.close();
  return report;
}

/** Resolves once all of them wait, or with how many were answered early; they end when this process does. */
export async function park({ port, key, claims, waitSeconds }: ParkOrder): Promise<number> {
  const connections = await Promise.all(Array.from({ length: claims }, () => openConnection(port, key)));
  let answered = 0;
  for (const [i, connection] of connections.entries()) {
    void connection.post('/api/tasks/claim', wish(`parked-${i}`, waitSeconds)).then(
      () => (answered += 1),
      () => {},
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  return answered;
}

const wish = (instance: string, waitSeconds: number) =>
  JSON.stringify({ instance_id: instance, wait_seconds: waitSeconds });

async function claim(connection: Connection, waitSeconds: number): Promise<{ body: string; at: number }> {
  const { body } = await connection.post('/api/tasks/claim', wish('bench-waiter', waitSeconds));
  return { body, at: performance.now() };
}

async function complete(connection: Connection, claimed: string): Promise<void> {
  const task = field(claimed, '"id":', ',');
  const lease = field(claimed, '"lease_id":"', '"');
  const { status, body } = await connection.post(
    `/api/tasks/${String(task)}/complete`,
    JSON.stringify({ lease_id: lease }),
  );
  if (status !== 200) throw new Error(`A completion was answered ${status}: ${body}`);
}
