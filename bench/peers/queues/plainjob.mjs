import Database from 'better-sqlite3';
import { better, defineQueue } from 'plainjob';
import { cyclesPerSecond, JOB } from '../cycles.mjs';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

export async function open(folder) {
  const queue = defineQueue({ connection: better(new Database(`${folder}/plainjob.db`)), logger: silent });
  return {
    async fill(count) {
      queue.addMany(
        'task',
        Array.from({ length: count }, () => JOB),
      );
    },
    run: (workers, ms) =>
      cyclesPerSecond({
        workers,
        ms,
        async cycle() {
          const job = queue.getAndMarkJobAsProcessing('task');
          if (job === undefined) return false;
          queue.markJobAsDone(job.id);
          // Its calls never wait; without a turn of the event loop one worker would run alone.
          await null;
          return true;
        },
      }),
  };
}
