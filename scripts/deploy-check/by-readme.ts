/**
 * deploy/README.md's own commands for install, update and removal, read out of it and run with every path moved
 * below the scratch folder. What only a machine of its own can do (users, systemctl, an editor) is left out.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { dataKey, SERVICE_ID, startByHand } from './by-hand.ts';
import { demandCompleted, waitForHealth, walkTask } from './exercise.ts';
import { cloneInto, commitIn, freePort, isRoot, root, type Lab } from './lab.ts';
import { demand, type Report } from './report.ts';
import { must } from './run.ts';

const MINUTE = 60_000;
const LEFT_OUT = /^(useradd|editor|systemctl|curl)\b/;

export async function checkByReadme(report: Report, lab: Lab): Promise<void> {
  const folder = lab.room('by-readme');
  const source = await cloneInto(path.join(folder, 'repository'));
  const text = readFileSync(path.join(root, 'deploy/README.md'), 'utf8');
  const place = (absolute: string) => path.join(folder, 'root', absolute);
  for (const name of ['/opt', '/etc/systemd/system', '/var/lib/athena'])
    mkdirSync(place(name), { recursive: true });
  const sh = (script: string) =>
    must(['bash', '-euc', moved(script, folder).replace('<this repository>', source)], {
      timeoutMs: 25 * MINUTE,
    });
  const installed = await report.check('deploy/README.md: install', async () => {
    const lines = /## Install[^]*?```sh\n([^]*?)```/.exec(text)![1]!.split('\n');
    await sh(lines.filter((line) => !LEFT_OUT.test(line)).join('\n'));
    demand(existsSync(place('/etc/athena/athena.env')), 'there is no environment file');
    const left = lines.filter((line) => LEFT_OUT.test(line)).map((line) => line.split(' ')[0]!);
    return `all but ${[...new Set(left)].join(', ')}`;
  });
  if (!installed) return;
  const life = { id: 0 };
  const once = (known?: number) => serveOnce(lab, { folder, place }, known);
  await report.check('deploy/README.md: the server starts', async () => {
    life.id = await once();
    return "the unit's command by hand, as an unprivileged user; SIGTERM ends with 0";
  });
  await report.check('deploy/README.md: update', async () => {
    const commit = await commitIn(source);
    const line = /\| update +\| `([^`]*)`/.exec(text)![1]!.replace(/ && systemctl[^&]*/, '');
    await sh(line);
    const now = (await must(['git', 'rev-parse', 'HEAD'], { cwd: place('/opt/athena') })).trim();
    demand(now === commit, `it stands at ${now}`);
    await once(life.id);
    return 'the newer commit runs and has the tasks';
  });
  await report.check('deploy/README.md: removal', async () => {
    const paths = /\| remove it[^\n]*/.exec(text)![0].match(/\/(opt|etc|var)\/[\w/]+/g) ?? [];
    demand(paths.length === 3, `it names ${paths.join(', ')}`);
    await must(['rm', '-r', place('/etc/systemd/system/athena.service'), ...paths.map(place)]);
    const rest = (await must(['find', path.join(folder, 'root'), '-name', '*athena*'])).trim();
    demand(rest === '', `left behind: ${rest}`);
    return 'what it names is all there is';
  });
}

interface Place {
  readonly folder: string;
  readonly place: (absolute: string) => string;
}

async function serveOnce(lab: Lab, { folder, place }: Place, known?: number): Promise<number> {
  const data = place('/var/lib/athena');
  if (isRoot) await must(['chown', '-R', `${SERVICE_ID}:${SERVICE_ID}`, data]);
  const port = await freePort();
  const files = [place('/etc/systemd/system/athena.service')];
  const started = startByHand(lab, { files, place, port });
  await waitForHealth(port);
  const served = { port, key: dataKey(data), folder };
  const id = await walkTask(served);
  if (known !== undefined) await demandCompleted(served, known);
  await started.stop();
  return id;
}

function moved(script: string, folder: string): string {
  return script.replaceAll(/(?<![\w.])\/(opt|etc|var)\//g, `${folder}/root/$1/`);
}
