import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockWorkspace } from '../../../cli/worker/locks.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-lock-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const deps = () => ({
  file: path.join(folder, 'lock'),
  hostname: 'test-host',
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
});

const LOCKS = path.join(import.meta.dirname, '../../../cli/worker/locks.ts');
const HOLDER = `
  import { lockWorkspace } from ${JSON.stringify(LOCKS)};
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  await lockWorkspace({ file: process.argv.at(-1), hostname: 'test-host', sleep });
  console.log('held');
  setInterval(() => {}, 1000);`;

describe('the workspace lock', () => {
  it('refuses a second worker, naming the first, until that one lets go', async () => {
    const lock = await lockWorkspace(deps());
    await expect(lockWorkspace(deps())).rejects.toMatchObject({
      code: 'bad_config',
      message: `The workspace ${folder} is in use: process ${process.pid} works in it.`,
    });
    await lock.release();
    const next = await lockWorkspace(deps());
    await next.release();
  });

  it('frees itself when its holder is killed', async () => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', HOLDER, '--', deps().file];
    const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      await expect(lockWorkspace(deps())).rejects.toThrow(`process ${holder.pid}`);
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    const lock = await lockWorkspace(deps());
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('lock-'))).toHaveLength(1);
    await lock.release();
  });

  it('is not fooled by a number that was given out again', async () => {
    const note = { pid: process.pid, owner: `${process.pid}-0-test_host`, socket: 'lock-gone' };
    fs.writeFileSync(deps().file, JSON.stringify(note));
    await (await lockWorkspace(deps())).release();
    fs.writeFileSync(deps().file, JSON.stringify({ ...note, socket: null }));
    await (await lockWorkspace(deps())).release();
  });

  it('goes to one of many that come at the same time', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockWorkspace(deps())));
    const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });

  it('works where a path is too long for a socket', async () => {
    const deep = path.join(folder, 'd'.repeat(100));
    fs.mkdirSync(deep);
    const lock = await lockWorkspace({ ...deps(), file: path.join(deep, 'lock') });
    await expect(lockWorkspace({ ...deps(), file: path.join(deep, 'lock') })).rejects.toThrow('is in use');
    await lock.release();
  });
});
