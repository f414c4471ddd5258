/**
 * The command of a run in the booted system: looks at what a run may and may not do there, and leaves somebody running.
 * A task that says "wait" does only that, until it is ended. Bundled to one file.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface Probed {
  /** Sentences about what is not as it should be. */
  readonly wrong: string[];
  /** A process that ignores SIGTERM, in a session of its own and without the marks of its run. */
  readonly left: number;
}

if (readFileSync(0, 'utf8').includes('wait')) {
  writeFileSync('unfinished', 'by a run that was told to end\n');
  writeFileSync('/var/lib/athena-worker/waiting', String(process.pid));
  await pause(600_000);
}

const wrong: string[] = [];
const demand = (isTrue: boolean, sentence: string) => {
  if (!isTrue) wrong.push(sentence);
};
const read = (file: string) => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
};
const canWrite = (file: string) => {
  try {
    writeFileSync(file, '');
    return true;
  } catch {
    return false;
  }
};

const inSandbox = ['--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--unshare-all', 'true'];
const sandbox = spawnSync('bwrap', inSandbox, { encoding: 'utf8' });
demand(sandbox.error !== undefined || sandbox.status === 0, `bubblewrap does not start: ${sandbox.stderr}`);

const group = read('/proc/self/cgroup') ?? '';
demand(/athena-worker\.service\/athena-run-/.test(group), `the run has no control group: ${group}`);
demand(/CapEff:\s*0+\nCapBnd:\s*0+\n/.test(read('/proc/self/status') ?? ''), 'it has capabilities');
demand(read('/etc/athena-worker/worker.env') === undefined, 'it can read worker.env');
for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
  for (const file of ['environ', 'cmdline'])
    demand(
      !(read(`/proc/${pid}/${file}`) ?? '').includes('key-of-the-lab'),
      `a key is in /proc/${pid}/${file}`,
    );
for (const folder of ['/etc', '/usr/local/bin', '/var/lib', '/opt/athena'])
  demand(!canWrite(`${folder}/probe`), `it writes to ${folder}`);
demand(canWrite(`${process.env['TMPDIR'] ?? ''}/probe`), 'it cannot write to its TMPDIR');

const loop = 'trap "" TERM; while :; do sleep 1; done';
const left = spawn('sh', ['-c', loop], { cwd: '/', env: {}, stdio: 'ignore', detached: true });
left.unref();
const probed: Probed = { wrong, left: left.pid! };
writeFileSync('/var/lib/athena-worker/probed', JSON.stringify(probed));
process.stdout.write('probed\n');
