/** Many waiting claims and one new task at a time: exactly one of them may get it, and soon. */
import { openConnection, type Answer, type Connection } from './connection.ts';
import { field } from './cycles.ts';

export interface CrowdOrder {
  readonly kind: 'crowd';
  readonly port: number;
  readonly key: string;
  readonly waiters: number;
  readonly samples: number;
}

export interface CrowdReport {
  /** Milliseconds from sending a new task to its claim in the hands of the waiter that got it. */
  readonly waited: readonly number[];
  /** Tasks that more than one waiter got. */
  readonly doubled: number;
}

const TASK = JSON.stringify({ description: 'Restart the reverse proxy and tell what it said.' });
const WAIT_SECONDS = 60;
/** Long enough for every claim to be parked. */
const PARKED_MS = 200;

export async function runCrowd({ port, key, waiters, samples }: CrowdOrder): Promise<CrowdReport> {
  const submitter = await openConnection(port, key);
  const got = new Map<string, number>();
  let winner: (at: { ms: number; body: string; connection: Connection }) => void = () => {};

  function wait(connection: Connection, instance: string): void {
    const wish = JSON.stringify({ instance_id: instance, wait_seconds: WAIT_SECONDS });
    connection.post('/api/tasks/claim', wish).then(
      ({ body }: Answer) => {
        winner({ ms: performance.now(), body, connection });
        const task = field(body, '"id":', ',');
        if (task !== null) got.set(task, (got.get(task) ?? 0) + 1);
      },
      () => {},
    );
  }

  const connections = await Promise.all(Array.from({ length: waiters }, () => openConnection(port, key)));
  connections.forEach((connection, i) => {
    wait(connection, `crowd-${i}`);
  });
  await new Promise((resolve) => setTimeout(resolve, PARKED_MS));

  const waited: number[] = [];
  for (let i = 0; i < samples; i += 1) {
    const won = new Promise<{ ms: number; body: string; connection: Connection }>((resolve) => {
      winner = resolve;
    });
    const sentAt = performance.now();
    await submitter.post('/api/tasks', TASK);
    const { ms, body, connection } = await won;
    waited.push(ms - sentAt);
    await complete(connection, body);
    wait(connection, `crowd-${connections.indexOf(connection)}`);
  }
  for (const connection of [submitter, ...connections]) connection.close();
  return { waited, doubled: [...got.values()].filter((times) => times > 1).length };
}

async function complete(connection: Connection, claimed: string): Promise<void> {
  const task = field(claimed, '"id":', ',');
  const lease = field(claimed, '"lease_id":"', '"');
  if (task === null || lease === null) throw new Error(`A waiting claim was answered: ${claimed}`);
  await connection.post(`/api/tasks/${task}/complete`, JSON.stringify({ lease_id: lease }));
}
