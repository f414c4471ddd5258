/** The role of the unattended worker on this machine, every path below the scratch folder, as whoever runs this. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { isRoot, makeRepository, type Lab } from './lab.ts';
import { play, playAgain, type Play } from './playbook.ts';
import { demand, type Report, SkipError } from './report.ts';
import { has, must } from './run.ts';
import type { RunningServer } from './served.ts';
import { verifyUnit } from './unit.ts';

const config = (at: At) => ({
  name: 'deploy-check-worker',
  grace_minutes: 9,
  limits: { min_free_disk_gb: 0 },
  // A number as text must arrive as text.
  projects: {
    notes: { repo: at('notes.git'), executor: 'command', command: ['cat'], env: { set: { CI: '1' } } },
  },
});

export async function checkUnattended(report: Report, lab: Lab, server: RunningServer): Promise<void> {
  const folder = lab.room('ansible-unattended');
  const at = (name: string) => path.join(folder, name);
  // Every system has these; the role does not make them.
  for (const name of ['units', 'etc', 'var']) mkdirSync(at(name));
  await makeRepository(at('notes.git'));
  const vars = varsIn(at, server);
  const what: Play = { folder, role: 'athena_unattended', vars };
  await report.check('ansible unattended: --check', async () => {
    await play(what, ['--check', '--diff']);
    demand(!existsSync(at('bin')) && !existsSync(at('etc/athena-worker')), 'the dry run wrote something');
    return 'a dry run on an empty machine writes nothing';
  });
  const isThere = await report.check('ansible unattended: run', async () => {
    if (!isRoot || !has('runuser')) throw new SkipError('runuser needs root');
    await play(what);
    const said = await must([at('bin/claude-task-client'), 'work', 'check', '--config', file(at)]);
    const mode = (statSync(at('etc/athena-worker/worker.env')).mode & 0o777).toString(8);
    demand(mode === '600', `worker.env has mode ${mode}`);
    return `${said.trim().split('\n')[0]!.replace(folder, '')}; work setup is content`;
  });
  if (!isThere) return;
  await report.check('ansible unattended: second run', async () => {
    await playAgain(what);
    return 'changed=0';
  });
  await report.check('ansible unattended: the unit it wrote', async () => {
    const dropIn = readFileSync(at('units/athena-worker.service.d/10-ansible.conf'), 'utf8');
    demand(
      dropIn.includes('\nTimeoutStopSec=720\n'),
      `the time to stop is not grace_minutes and three: ${dropIn}`,
    );
    return verifyUnit(at('units/athena-worker.service'));
  });
  await report.check('ansible unattended: a wrong worker.yaml', () => refuseWrong(what, at));
  await report.check('ansible unattended: removal', async () => {
    const gone = { ...what, vars: { ...vars, athena_unattended_state: 'absent' } };
    await play(gone);
    await playAgain(gone);
    const left = ['bin/claude-task-client', 'lib', 'etc/athena-worker', 'units/athena-worker.service'];
    const found = left.filter((name) => existsSync(at(name)));
    demand(found.length === 0, `left behind: ${found.join(', ')}`);
    demand(existsSync(at('var/athena-worker')), 'the work is gone, too');
    return 'nothing left but the work; a second time changes nothing';
  });
}

type At = (name: string) => string;
const file = (at: At) => at('etc/athena-worker/worker.yaml');

async function refuseWrong(what: Play, at: At): Promise<string> {
  const before = readFileSync(file(at), 'utf8');
  const wrong = { ...config(at), default_project: 'nobodys' };
  const said = await play({ ...what, vars: { ...what.vars, athena_unattended_config: wrong } }).then(
    () => '',
    (error: unknown) => String(error),
  );
  demand(said.includes('default_project must be one of the projects'), `it is not named: ${said}`);
  demand(readFileSync(file(at), 'utf8') === before, 'it replaced the one in use');
  return 'is named by line and field, and the one in use stays';
}

function varsIn(at: At, server: RunningServer): Record<string, unknown> {
  const { username, gid } = userInfo();
  return {
    athena_unattended_server_url: server.url,
    athena_unattended_api_key: server.key,
    athena_unattended_config: config(at),
    athena_unattended_install_packages: false,
    athena_unattended_node: process.execPath,
    athena_unattended_user: username,
    athena_unattended_group: String(gid),
    athena_unattended_manage_user: false,
    athena_unattended_manage_service: false,
    athena_unattended_bin_dir: at('bin'),
    athena_unattended_lib_dir: at('lib'),
    athena_unattended_config_dir: at('etc/athena-worker'),
    athena_unattended_data_dir: at('var/athena-worker'),
    athena_unattended_unit_dir: at('units'),
  };
}
