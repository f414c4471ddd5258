import { Logger, makeWorkerUtils, run as runWorkers } from 'graphile-worker';
import pg from 'pg';
import { countedPerSecond, JOB } from '../cycles.mjs';

const logger = new Logger(() => () => {});

export async function open(url) {
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  for (const event of ['error', 'connect']) pool.on(event, () => {});
  return {
    async fill(count) {
      for (let left = count; left > 0; left -= 1000)
        await utils.addJobs(
          Array.from({ length: Math.min(left, 1000) }, () => ({ identifier: 'task', payload: JOB })),
        );
      await pool.query('VACUUM ANALYZE graphile_worker._private_jobs');
    },
    run: (workers, ms) =>
      countedPerSecond({
        ms,
        async start(count) {
          const runner = await runWorkers({
            pgPool: pool,
            concurrency: workers,
            noHandleSignals: true,
            logger,
            taskList: { task: async () => null },
          });
          runner.events.on('job:complete', count);
          return () => runner.stop();
        },
      }),
  };
}
