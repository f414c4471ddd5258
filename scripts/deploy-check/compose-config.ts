/** The compose files as a compose implementation understands them, with several .env files beside them. */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ComposeTool } from './compose-tool.ts';
import { root, type Lab } from './lab.ts';
import { demand, type Report } from './report.ts';
import { must } from './run.ts';

const FILES = ['docker-compose.yml', 'docker-compose.stock-node.yml'] as const;

interface Service {
  readonly image: string;
  readonly user: string;
  readonly container_name: string;
  readonly restart: string;
  readonly read_only: boolean;
  readonly cap_drop: string[];
  readonly cap_add?: string[];
  readonly privileged?: boolean;
  readonly security_opt: string[];
  readonly environment: Record<string, string>;
  readonly ports: { host_ip: string; published: string; target: number }[];
  readonly volumes: { source: string; target: string; read_only?: boolean }[];
}

const VARIANTS = [
  { name: 'no .env', env: undefined, port: '5051', host: '0.0.0.0', user: '1000:1000' },
  { name: '.env.example', env: 'sample', port: '5051', host: '0.0.0.0', user: '1000:1000' },
  {
    name: 'own port, address, user and odd secrets',
    env: "API_PORT=5999\nAPI_HOST=127.0.0.1\nATHENA_UID=2001\nATHENA_GID=2002\nAPI_KEY='a$b#c'\nDB_PATH=elsewhere.db\n",
    port: '5999',
    host: '127.0.0.1',
    user: '2001:2002',
  },
] as const;

export async function checkComposeFiles(report: Report, lab: Lab, tool: ComposeTool): Promise<void> {
  const folder = lab.room('compose-config');
  for (const file of FILES) {
    copyFileSync(path.join(root, file), path.join(folder, file));
    for (const variant of VARIANTS) {
      await report.check(`${file} with ${variant.name}`, async () => {
        writeEnv(folder, variant.env);
        const service = await resolve(tool, folder, file);
        demandConfined(service);
        demandWired(service, variant);
        if (variant.env?.startsWith('API')) {
          demand(
            service.environment.API_KEY === 'a$b#c',
            'a quoted secret does not arrive as it was written',
          );
        }
        return `resolved by Docker Compose ${tool.version}; ${variant.host}:${variant.port}, user ${service.user}`;
      });
    }
  }
}

function writeEnv(folder: string, env: string | undefined): void {
  const file = path.join(folder, '.env');
  rmSync(file, { force: true });
  if (env === 'sample') copyFileSync(path.join(root, '.env.example'), file);
  else if (env !== undefined) writeFileSync(file, env);
}

async function resolve(tool: ComposeTool, cwd: string, file: string): Promise<Service> {
  const text = await must([...tool.command, '-f', file, 'config', '--format', 'json', '--no-normalize'], {
    cwd,
    env: cleanEnv(),
  });
  // The printed form escapes each $ once more, so that it could be read again.
  const { services } = JSON.parse(text.replaceAll('$$', '$')) as { services: Record<string, Service> };
  demand(
    Object.keys(services).join() === 'athena',
    `services that start unasked: ${Object.keys(services).join()}`,
  );
  return services.athena!;
}

/** Variables of the shell win over .env; the check is about the files. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME };
}

function demandConfined(service: Service): void {
  demand(service.container_name === 'athena-bot', `container_name is ${service.container_name}`);
  demand(service.restart === 'unless-stopped', `restart is ${service.restart}`);
  demand(service.read_only, 'the system is not read-only');
  demand(service.cap_drop.join() === 'ALL', `cap_drop is ${service.cap_drop.join()}`);
  demand((service.cap_add ?? []).length === 0 && service.privileged !== true, 'it is given capabilities');
  demand(service.security_opt.includes('no-new-privileges:true'), 'no-new-privileges is missing');
}

function demandWired(service: Service, wanted: { port: string; host: string; user: string }): void {
  const { API_PORT, API_HOST, DB_PATH } = service.environment;
  const [port] = service.ports;
  demand(service.user === wanted.user, `user is ${service.user}`);
  demand(API_PORT === wanted.port && API_HOST === '0.0.0.0', `it listens on ${API_HOST}:${API_PORT}`);
  demand(
    port?.published === wanted.port && String(port.target) === wanted.port && port.host_ip === wanted.host,
    `it publishes ${JSON.stringify(service.ports)}`,
  );
  demand(DB_PATH === '/app/data/tasks.db', `DB_PATH is ${DB_PATH}`);
  const writable = service.volumes.filter((volume) => volume.read_only !== true).map(({ target }) => target);
  demand(writable.join() === '/app/data', `it can write to ${writable.join()}`);
}
