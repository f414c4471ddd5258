/** The roles of machines that take tasks, on this machine, against the server of this checkout. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { checkUnattended } from './ansible-unattended.ts';
import { waitForHealth } from './exercise.ts';
import { freePort, root, type Lab } from './lab.ts';
import { play, playAgain, type Play } from './playbook.ts';
import { demand, type Report } from './report.ts';
import { endGroup, must } from './run.ts';

const KEY = 'key-for-the-deployment-check';

export async function checkWorkers(report: Report, lab: Lab): Promise<void> {
  const folder = lab.room('ansible-worker');
  const url = `http://127.0.0.1:${await serve(lab, folder)}`;
  await checkWorker(report, folder, url);
  await checkUnattended(report, lab, { url, key: KEY });
}

/** In a home folder of its own. */
async function checkWorker(report: Report, folder: string, url: string): Promise<void> {
  const home = path.join(folder, 'home');
  mkdirSync(home);
  const vars = {
    athena_worker_server_url: url,
    athena_worker_api_key: KEY,
    athena_worker_home: home,
    athena_worker_config_dir: path.join(home, '.config/claude-task-client'),
    athena_worker_instance: 'worker-1',
    athena_worker_node: process.execPath,
    athena_worker_hook: 'present',
  };
  const what: Play = { folder, role: 'athena_worker', vars };
  await report.check('ansible worker: --check', async () => {
    await play(what, ['--check', '--diff']);
    demand(!existsSync(path.join(home, '.local')), 'the dry run wrote something');
    return 'a dry run on an empty home writes nothing';
  });
  await report.check('ansible worker: run', async () => {
    await play(what);
    const client = path.join(home, '.local/bin/claude-task-client');
    const { PATH } = process.env;
    const said = await must([client, 'check'], { env: { PATH, HOME: home } });
    return `its client says "${said.trim().split('\n')[0]!}"`;
  });
  await report.check('ansible worker: second run', async () => {
    await playAgain(what);
    return 'changed=0';
  });
  await report.check('ansible worker: removal', async () => {
    const gone = { ...what, vars: { ...vars, athena_worker_state: 'absent' } };
    await play(gone);
    await playAgain(gone);
    const left = [
      '.local/bin/claude-task-client',
      '.local/lib/claude-task-client',
      '.config/claude-task-client',
    ];
    const found = left.filter((name) => existsSync(path.join(home, name)));
    demand(found.length === 0, `left behind: ${found.join(', ')}`);
    return 'nothing left; a second time changes nothing';
  });
}

async function serve(lab: Lab, folder: string): Promise<number> {
  const port = await freePort();
  const { PATH } = process.env;
  const env = { PATH, API_PORT: String(port), API_HOST: '127.0.0.1', API_KEY: KEY, DB_PATH: 'data/tasks.db' };
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
  return port;
}
