/** The server of this checkout, as a process of this machine, for those who need one to talk to. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { waitForHealth } from './exercise.ts';
import { freePort, root, type Lab } from './lab.ts';
import { endGroup } from './run.ts';

export interface RunningServer {
  readonly url: string;
  readonly key: string;
}

export async function serve(lab: Lab, folder: string): Promise<RunningServer> {
  const key = 'key-for-the-deployment-check';
  const port = await freePort();
  const { PATH } = process.env;
  const env = { PATH, API_PORT: String(port), API_HOST: '127.0.0.1', API_KEY: key, DB_PATH: 'data/tasks.db' };
  const child = spawn(process.execPath, [path.join(root, 'dist/main.js')], {
    cwd: folder,
    env,
    stdio: 'ignore',
    detached: true,
  });
  lab.undo(() => {
    endGroup(child.pid);
  });
  await waitForHealth(port);
  return { url: `http://127.0.0.1:${port}`, key };
}
