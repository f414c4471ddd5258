import { Queue, Worker } from 'bullmq';
import { countedPerSecond, JOB } from '../cycles.mjs';

export async function open(socket) {
  const connection = { path: socket, maxRetriesPerRequest: null };
  const queue = new Queue('task', { connection });
  return {
    async fill(count) {
      for (let left = count; left > 0; left -= 1000)
        await queue.addBulk(
          Array.from({ length: Math.min(left, 1000) }, () => ({ name: 'task', data: JOB })),
        );
    },
    run: (workers, ms) =>
      countedPerSecond({
        ms,
        async start(count) {
          const worker = new Worker('task', async () => null, { connection, concurrency: workers });
          worker.on('completed', count);
          await worker.waitUntilReady();
          return () => worker.close();
        },
      }),
  };
}
