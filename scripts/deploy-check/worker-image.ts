/** The image of the unattended worker: built, looked into, and started as deploy/README.md says. */
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Engine } from './engine.ts';
import { buildImage, demandNoSecrets } from './image.ts';
import { root, type Lab } from './lab.ts';
import type { NpmAccess } from './npm-access.ts';
import { demand, type Report } from './report.ts';

const IMAGE = 'localhost/athena-worker:local';
const UID = 1000;

export async function checkWorkerImage(
  report: Report,
  lab: Lab,
  { engine, access }: { engine: Engine; access: NpmAccess },
): Promise<void> {
  const isBuilt = await report.check('worker.Dockerfile builds', () =>
    buildImage(engine, access, { file: 'deploy/worker.Dockerfile', tag: IMAGE }),
  );
  if (!isBuilt) return;
  await report.check('worker image settings', () => demandSettings(engine));
  const system = (await engine.podman(['image', 'mount', IMAGE])).trim();
  try {
    await report.check('worker image content', () => {
      const unwanted = [
        'app',
        'usr/local/lib/node_modules/@anthropic-ai',
        'workspace/.npm',
        'workspace/.local',
      ];
      const found = unwanted.filter((name) => existsSync(path.join(system, name)));
      demand(found.length === 0, `not needed to run: ${found.join(', ')}`);
      return 'the client, git and no Agent SDK';
    });
    await report.check('worker image secrets', () => demandNoSecrets(system, access));
  } finally {
    await engine.podman(['image', 'unmount', IMAGE]);
  }
  const work = workIn(lab, engine);
  await report.check('worker container: work check', async () => {
    const said = await work(['work', 'check']);
    demand(said.includes('/etc/claude-task-client/worker.yaml is in order'), said);
    return 'read-only, without a capability, as user 1000: the sample worker.yaml is in order';
  });
  await report.check('worker container: confined', async () => {
    const wrong = (await work(['-e', PROBE], 'node')).trim();
    demand(wrong === '', wrong);
    return 'writes to /workspace and /tmp only; git and npm are there';
  });
}

interface Inspected {
  readonly Config: { User: string; Cmd: string[]; Entrypoint: string[]; StopSignal: string };
}

async function demandSettings(engine: Engine): Promise<string> {
  const [image] = JSON.parse(await engine.podman(['image', 'inspect', IMAGE])) as [Inspected];
  const { User, Cmd, Entrypoint } = image.Config;
  demand(User === `${UID}:${UID}`, `it runs as ${User}`);
  const command = [...Entrypoint, ...Cmd].join(' ');
  demand(command === 'claude-task-client work --once', `it starts ${command}`);
  return `user ${User}, ${command}`;
}

/** Prints what is not as it should be. */
const PROBE = `
const fs = require('node:fs'), { spawnSync } = require('node:child_process'), wrong = [];
if (process.getuid() !== ${UID}) wrong.push('user ' + process.getuid());
const canWrite = (at) => { try { fs.writeFileSync(at + '/probe', ''); fs.rmSync(at + '/probe'); return true; } catch { return false; } };
for (const at of ['/', '/etc', '/usr/local/bin', '/usr/local/lib/claude-task-client']) if (canWrite(at)) wrong.push('writes to ' + at);
for (const at of [process.env.HOME, '/tmp']) if (!canWrite(at)) wrong.push('cannot write to ' + at);
for (const name of ['git', 'npm']) if (spawnSync(name, ['--version']).status !== 0) wrong.push('no ' + name);
console.log(wrong.join(', '));`;

type Work = (args: readonly string[], entrypoint?: string) => Promise<string>;

/** As README.md starts it, but for the network, which nothing here needs. */
function workIn(lab: Lab, engine: Engine): Work {
  const folder = lab.room('worker-container');
  const config = path.join(folder, 'worker.yaml');
  copyFileSync(path.join(root, 'deploy/worker.yaml.example'), config);
  const workspace = path.join(folder, 'workspace');
  mkdirSync(workspace);
  chownSync(workspace, UID, UID);
  chmodSync(workspace, 0o700);
  const mounts = [`${config}:/etc/claude-task-client/worker.yaml:ro`, `${workspace}:/workspace`];
  const fences = ['--read-only', '--tmpfs', '/tmp:exec,mode=1777', '--cap-drop', 'ALL', '--network', 'none'];
  const privileges = ['--security-opt', 'no-new-privileges'];
  return (args, entrypoint) =>
    engine.podman([
      ...['run', '--rm', ...fences, ...privileges],
      ...mounts.flatMap((mount) => ['--volume', mount]),
      ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
      ...[IMAGE, ...args],
    ]);
}
