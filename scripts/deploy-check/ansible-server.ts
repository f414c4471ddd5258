/**
 * The server's role on this machine, every path below the scratch folder. By systemd: a dry run, a run, a second
 * one that changes nothing, an update to a newer commit, and back. By compose: the same, with a real container.
 */
import { chmodSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { dataKey, SERVICE_ID, startByHand, type Service } from './by-hand.ts';
import type { ComposeTool } from './compose-tool.ts';
import type { Engine } from './engine.ts';
import { demandCompleted, waitForHealth, walkTask } from './exercise.ts';
import { BASE, IMAGE } from './image.ts';
import { cloneInto, commitIn, freePort, isRoot, type Lab } from './lab.ts';
import { play, playAgain, type Play } from './playbook.ts';
import { demand, type Report } from './report.ts';
import { must } from './run.ts';
import { verifyUnit } from './unit.ts';

export async function checkServerDryRun(report: Report, lab: Lab): Promise<void> {
  const folder = lab.room('ansible-dry');
  for (const method of ['systemd', 'compose']) {
    await report.check(`ansible server by ${method}: --check`, async () => {
      const what: Play = {
        folder,
        role: 'athena_server',
        vars: { ...paths(folder), athena_server_method: method },
      };
      await play({ ...what, vars: { ...what.vars, ...ids() } }, ['--check', '--diff']);
      return 'a dry run on an empty machine ends well';
    });
  }
}

export async function checkServerBySystemd(report: Report, lab: Lab): Promise<void> {
  const folder = lab.room('ansible-systemd');
  const source = await cloneInto(path.join(folder, 'source'));
  // Every system with systemd has this folder; the role does not make it.
  mkdirSync(path.join(folder, 'units'));
  const what: Play = {
    folder,
    role: 'athena_server',
    vars: { ...paths(folder), ...ids(), athena_server_method: 'systemd', athena_server_local_path: source },
  };
  const current = () => readlinkSync(path.join(folder, 'opt/current'));
  const isThere = await report.check('ansible server by systemd: run', async () => {
    const changed = await play(what);
    demand(changed > 0, 'it changed nothing');
    return `${changed} changes; built from the commit with npm`;
  });
  if (!isThere) return;
  await report.check('ansible server by systemd: second run', async () => {
    await playAgain(what);
    return 'changed=0';
  });
  await report.check('ansible server by systemd: the unit it wrote', () =>
    verifyUnit(path.join(folder, 'units/athena.service')),
  );
  const first = current();
  const life = { id: 0 };
  await report.check('ansible server by systemd: starts', async () => {
    life.id = await serveOnce(lab, folder, undefined);
    return 'the drop-in by hand, as another user; a task from add to complete; SIGTERM ends with 0';
  });
  await report.check('ansible server by systemd: update', async () => {
    const commit = await commitIn(source);
    await play(what);
    demand(current().includes(commit.slice(0, 12)), `current is ${current()}`);
    await serveOnce(lab, folder, life.id);
    return 'a newer commit is a new release; the tasks are still there';
  });
  await report.check('ansible server by systemd: back', async () => {
    await must(['git', 'checkout', '--quiet', '--detach', 'HEAD~1'], { cwd: source });
    const changed = await play(what);
    demand(current() === first && changed === 1, `current is ${current()}, ${changed} changes`);
    await serveOnce(lab, folder, life.id);
    return 'the older commit again: its release is still here, one change, nothing built, the tasks are there';
  });
}

async function serveOnce(lab: Lab, folder: string, known: number | undefined): Promise<number> {
  const data = path.join(folder, 'data');
  if (isRoot) await must(['chown', '-R', `${SERVICE_ID}:${SERVICE_ID}`, data]);
  const unit = path.join(folder, 'units/athena.service');
  const port = await freePort();
  const service: Service = { files: [unit, `${unit}.d/10-ansible.conf`], place: (file) => file, port };
  const started = startByHand(lab, service);
  await waitForHealth(port);
  const served = { port, key: dataKey(data), folder };
  const id = await walkTask(served);
  if (known !== undefined) await demandCompleted(served, known);
  await started.stop();
  if (isRoot) await must(['chown', '-R', '0:0', data]);
  return id;
}

export async function checkServerByCompose(
  report: Report,
  lab: Lab,
  parts: { engine: Engine; tool: ComposeTool },
): Promise<void> {
  const folder = lab.room('ansible-compose');
  const port = await freePort();
  const wrapper = writeWrapper(folder, parts.tool);
  const vars = {
    ...paths(folder),
    athena_server_method: 'compose',
    athena_server_api_host: '127.0.0.1',
    athena_server_api_port: port,
    athena_server_base_image: BASE,
    athena_server_compose_command: [wrapper],
  };
  const what: Play = {
    folder,
    role: 'athena_server',
    vars,
    env: { DOCKER_HOST: parts.engine.env.DOCKER_HOST },
  };
  lab.undo(() => parts.engine.podman(['rm', '--force', '--time', '12', 'athena-bot']));
  const isUp = await report.check('ansible server by compose: run', async () => {
    await play(what);
    return `a container from ${IMAGE}, healthy; building it is a check of its own`;
  });
  if (!isUp) return;
  await report.check('ansible server by compose: second run', async () => {
    await playAgain(what);
    return 'changed=0';
  });
  await report.check('ansible server by compose: a task from add to complete', async () => {
    await walkTask({ port, key: dataKey(path.join(folder, 'data')), folder });
    return 'with the key in the data folder';
  });
  await parts.engine.podman(['rm', '--force', '--time', '12', 'athena-bot']);
  rmSync(wrapper);
}

/** Compose itself, but for `build`: Docker's protocol cannot mount npm's settings, so buildah has built before. */
function writeWrapper(folder: string, tool: ComposeTool): string {
  const file = path.join(folder, 'compose');
  const lines = ['#!/bin/sh', 'for word; do [ "$word" != build ] || exit 0; done'];
  writeFileSync(file, `${[...lines, `exec ${tool.command.join(' ')} "$@"`].join('\n')}\n`);
  chmodSync(file, 0o755);
  return file;
}

function paths(folder: string): Record<string, unknown> {
  return {
    athena_server_dir: path.join(folder, 'opt'),
    athena_server_data_dir: path.join(folder, 'data'),
    athena_server_env_file: path.join(folder, 'etc/athena.env'),
    athena_server_unit_dir: path.join(folder, 'units'),
    athena_server_manage_user: false,
    athena_server_manage_service: false,
    athena_server_node: process.execPath,
    athena_server_health_retries: 15,
  };
}

/** The files belong to whoever runs this; the server itself then runs as somebody else. */
function ids(): Record<string, unknown> {
  const { username, gid } = userInfo();
  return { athena_server_user: username, athena_server_group: String(gid) };
}
