import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runClient } from '../support/client-process.ts';
import { cleanUp, newFolder, startServer } from '../support/http-process.ts';

afterEach(cleanUp);

/** Everything below a folder that somebody but its owner could read, write or enter. */
function openToOthers(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => (fs.statSync(path.join(folder, file)).mode & 0o077) !== 0);
}

describe('what the server and the client write', () => {
  it('is for their own user alone, in the middle of a busy life and after it', async () => {
    const old = process.umask(0o022);
    try {
      const folder = newFolder();
      const data = path.join(folder, 'new', 'data');
      const env = {
        API_KEY: null,
        DB_PATH: path.join(data, 'tasks.db'),
        BACKUP_DIR: path.join(folder, 'backups'),
        BACKUP_EVERY_HOURS: '0.001',
        RETENTION_DAYS: '1',
        ARCHIVE_DIR: path.join(folder, 'archive'),
      };
      const server = await startServer({ folder, env });
      const key = fs.readFileSync(path.join(data, 'api-key'), 'utf8').trim();
      const home = path.join(folder, 'home');
      fs.mkdirSync(home, { mode: 0o700 });
      const machine = { url: server.url, key, home, instance: 'mac' };
      for (const argv of [['add', 'a'], ['add', 'b'], ['claim'], ['heartbeat'], ['claim'], ['complete', '1']])
        expect(await runClient(machine, ...argv)).toMatchObject({ code: 0 });
      const files = fs.readdirSync(data);
      for (const suffix of ['', '-wal', '-shm', '-lock']) expect(files).toContain(`tasks.db${suffix}`);
      expect(files).toContain('api-key');
      expect(openToOthers(folder)).toEqual([]);
      await server.stop();
      expect(openToOthers(folder)).toEqual([]);
    } finally {
      process.umask(old);
    }
  });
});
