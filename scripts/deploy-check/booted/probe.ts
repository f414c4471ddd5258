/**
 * Stands in for `claude-task-client work` in the booted unit: tries what the worker and its runs do, what they must not
 * be able to do, and leaves something running. Bundled to one file.
 */
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openRunGroup } from '../../../cli/worker/cgroup.ts';

export interface Probed {
  /** Sentences about what is not as it should be. */
  readonly wrong: string[];
  readonly left: number;
}

const wrong: string[] = [];
const demand = (isTrue: boolean, sentence: string) => {
  if (!isTrue) wrong.push(sentence);
};
const can = (action: () => unknown) => {
  try {
    action();
    return true;
  } catch {
    return false;
  }
};

process.on('SIGTERM', () => setTimeout(() => process.exit(143), 1500));

const group = openRunGroup('probe');
demand(group !== undefined, 'a run gets no control group');
const run = spawn('sh', ['-c', 'setsid sleep 600 & sleep 600'], { stdio: 'ignore' });
group?.adopt(run.pid!);
await pause(300);
group?.kill();
await pause(200);
demand(group?.pids().length === 0 && run.signalCode === 'SIGKILL', 'killing a control group leaves somebody');
group?.remove();

const inSandbox = ['--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--unshare-all', 'true'];
const sandbox = spawnSync('bwrap', inSandbox, { encoding: 'utf8' });
const hasNone = sandbox.error !== undefined;
demand(hasNone || sandbox.status === 0, `bubblewrap does not start: ${sandbox.stderr}`);

demand(
  can(() => openSync('/proc/self/mem', 'r+')),
  'the keys cannot be taken out of the environment',
);
demand(process.env['ATHENA_API_KEY'] === 'of-the-lab', 'worker.env does not arrive');
demand(!can(() => readFileSync('/etc/athena-worker/worker.env')), 'a run can read worker.env');
for (const folder of ['/etc', '/usr/local/bin', '/var/lib', '/opt/athena'])
  demand(
    !can(() => {
      writeFileSync(`${folder}/probe`, '');
    }),
    `it writes to ${folder}`,
  );
for (const folder of ['/var/lib/athena-worker', '/tmp'])
  demand(
    can(() => {
      writeFileSync(`${folder}/probe`, '');
    }),
    `it cannot write to ${folder}`,
  );
demand(/CapEff:\s*0+\nCapBnd:\s*0+\n/.test(readFileSync('/proc/self/status', 'utf8')), 'it has capabilities');

const left = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], {
  stdio: 'ignore',
  detached: true,
});
openRunGroup('left')?.adopt(left.pid!);
const probed: Probed = { wrong, left: left.pid! };
writeFileSync('/var/lib/athena-worker/probed', JSON.stringify(probed));
setInterval(() => undefined, 1000);
