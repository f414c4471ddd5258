import { buildDBClient, SqliteQueue } from 'liteque';
import { cyclesPerSecond, JOB } from '../cycles.mjs';

export async function open(folder) {
  const client = buildDBClient(`${folder}/liteque.db`, { runMigrations: true });
  const queue = new SqliteQueue('task', client, {
    defaultJobArgs: { numRetries: 2 },
    keepFailedJobs: false,
  });
  // Of two that ask at once, one gets nothing: its own runner asks in one loop, and so does this.
  let last = Promise.resolve();
  const dequeue = () => (last = last.then(() => queue.attemptDequeue({ timeoutSecs: 7200 })));
  return {
    async fill(count) {
      for (let i = 0; i < count; i += 1) await queue.enqueue(JOB);
    },
    run: (workers, ms) =>
      cyclesPerSecond({
        workers,
        ms,
        async cycle() {
          const job = await dequeue();
          if (!job) return false;
          await queue.finalize(job.id, job.allocationId, 'completed');
          return true;
        },
      }),
  };
}
