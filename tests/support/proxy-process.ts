/** Caddy and nginx as they are installed, with the project's own examples, on 127.0.0.1 alone. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { read } from '../deploy/files.ts';

export interface Proxy {
  readonly url: string;
  readonly port: number;
  /** The certificate that a client must trust. */
  readonly ca: string;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  readonly folder: string;
  readonly upstreamPort: number;
  /** A path before the API, without the slash at its end; none by default. */
  readonly prefix?: string;
}

export const hasCaddy = spawnSync('caddy', ['version']).status === 0;
export const hasNginx =
  spawnSync('nginx', ['-v']).status === 0 && spawnSync('openssl', ['version']).status === 0;

export async function startCaddy({ folder, upstreamPort, prefix }: ProxyOptions): Promise<Proxy> {
  const port = await freePort();
  const storage = path.join(folder, 'caddy');
  const file = path.join(folder, 'Caddyfile');
  const onlyHere = `admin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n\tstorage file_system ${storage}`;
  const example = read('deploy/proxy/Caddyfile').replace(/^\{$/m, `{\n\t${onlyHere}`);
  const inPath = /^\treverse_proxy [^]*?^\t\}$/m;
  fs.writeFileSync(
    file,
    prefix === undefined
      ? example
      : example.replace(inPath, (part) => `\thandle_path ${prefix}/* {\n${part}\n\t}`),
  );
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    ATHENA_SITE: `https://localhost:${port}`,
    ATHENA_UPSTREAM: `127.0.0.1:${upstreamPort}`,
  };
  const child = spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { env, stdio: 'ignore' });
  const ca = path.join(storage, 'pki/authorities/local/root.crt');
  return started(child, { port, ca, prefix });
}

export async function startNginx({ folder, upstreamPort, prefix }: ProxyOptions): Promise<Proxy> {
  const port = await freePort();
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  const made = spawnSync('openssl', [...kind, ...subject, '-keyout', key, '-out', certificate]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  const site = read('deploy/proxy/nginx.conf')
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('athena.example.com;', 'localhost;')
    .replace('/etc/ssl/athena/fullchain.pem', certificate)
    .replace('/etc/ssl/athena/privkey.pem', key)
    .replace('location / {', `location ${prefix ?? ''}/ {`)
    .replace(
      'proxy_pass http://127.0.0.1:5051;',
      `proxy_pass http://127.0.0.1:${upstreamPort}${prefix === undefined ? '' : '/'};`,
    );
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const places = kinds.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
  const file = path.join(folder, 'nginx.conf');
  fs.chmodSync(folder, 0o755);
  fs.writeFileSync(
    file,
    `daemon off;\npid ${folder}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${places}\n${site}\n}\n`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', path.join(folder, 'error.log')], {
    stdio: 'ignore',
  });
  return started(child, { port, ca: certificate, prefix });
}

async function started(
  child: ChildProcess,
  { port, ca, prefix = '' }: { port: number; ca: string; prefix?: string | undefined },
): Promise<Proxy> {
  const exited = once(child, 'exit');
  const deadline = performance.now() + 20_000;
  while (!(fs.existsSync(ca) && (await greets(port, fs.readFileSync(ca))))) {
    if (child.exitCode !== null) throw new Error(`the proxy ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('the proxy greeted nobody within 20 s');
  }
  return {
    url: `https://localhost:${port}${prefix}`,
    port,
    ca,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** A whole handshake that a client trusts: Caddy listens, and has its root, before it has a certificate to show. */
async function greets(port: number, ca: Buffer): Promise<boolean> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca });
  try {
    await once(socket, 'secureConnect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}
