/** The roles of machines that take tasks, on this machine, against the server of this checkout. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { checkUnattended } from './ansible-unattended.ts';
import type { Lab } from './lab.ts';
import { play, playAgain, type Play } from './playbook.ts';
import { demand, type Report } from './report.ts';
import { must } from './run.ts';
import { serve, type RunningServer } from './served.ts';

export async function checkWorkers(report: Report, lab: Lab): Promise<void> {
  const folder = lab.room('ansible-worker');
  const server = await serve(lab, folder);
  await checkWorker(report, folder, server);
  await checkUnattended(report, lab, server);
}

/** In a home folder of its own. */
async function checkWorker(report: Report, folder: string, server: RunningServer): Promise<void> {
  const home = path.join(folder, 'home');
  mkdirSync(home);
  const vars = {
    athena_worker_server_url: server.url,
    athena_worker_api_key: server.key,
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
