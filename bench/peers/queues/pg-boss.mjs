import PgBoss from 'pg-boss';
import { cyclesPerSecond, JOB } from '../cycles.mjs';

export async function open(url) {
  const boss = new PgBoss({ connectionString: url, max: 16, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue('task');
  return {
    async fill(count) {
      for (let left = count; left > 0; left -= 1000)
        await boss.insert(Array.from({ length: Math.min(left, 1000) }, () => ({ name: 'task', data: JOB })));
      await boss.getDb().executeSql('VACUUM ANALYZE pgboss.job');
    },
    run: (workers, ms) =>
      cyclesPerSecond({
        workers,
        ms,
        async cycle() {
          const [job] = await boss.fetch('task');
          if (job === undefined) return false;
          await boss.complete('task', job.id);
          return true;
        },
      }),
  };
}
