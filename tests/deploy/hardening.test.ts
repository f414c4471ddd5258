import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { linesOf, read, root } from './files.ts';

const all = ['.', 'deploy', 'ansible'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: folder !== '.', encoding: 'utf8' }).map((file) =>
    path.posix.normalize(`${folder}/${file}`),
  ),
);
const composeFiles = all.filter(
  (file) => /compose[\w.-]*\.yml(\.j2)?$/.test(file) && !file.includes('/tasks/'),
);
const [whole, additions] = [
  composeFiles.filter((file) => !file.includes('/')),
  composeFiles.filter((file) => file.includes('/')),
];

describe('every compose file', () => {
  test('is looked at', () => {
    expect(whole).toEqual(expect.arrayContaining(['docker-compose.yml', 'docker-compose.stock-node.yml']));
    expect(additions.length).toBeGreaterThanOrEqual(2);
  });

  test.each(composeFiles)('%s opens nothing', (file) => {
    const text = linesOf(read(file)).join('\n');
    expect(text).not.toMatch(
      /privileged|cap_add|network_mode|pid:\s*host|ipc:\s*host|docker\.sock|userns_mode/,
    );
    expect(text).not.toMatch(/unconfined|user: '?(0|root)\b|read_only: false/);
  });

  test.each(whole)('%s confines the server', (file) => {
    const text = linesOf(read(file)).join('\n');
    for (const line of [
      /^ {4}read_only: true$/m,
      /^ {4}cap_drop:\n {6}- ALL$/m,
      /^ {6}- no-new-privileges:true$/m,
    ])
      expect(text).toMatch(line);
    expect(text).toMatch(/^ {4}user: '\$\{ATHENA_UID:-[1-9]\d*\}:\$\{ATHENA_GID:-[1-9]\d*\}'$/m);
  });

  test.each(additions)('%s, which adds to another, leaves its fences alone', (file) => {
    const text = linesOf(read(file)).join('\n');
    expect(text).not.toMatch(/^ {4}(user|read_only|cap_drop|security_opt|tmpfs|deploy):/m);
  });
});

describe.each(['server', 'unattended'])("Ansible's addition to the systemd unit of athena_%s", (side) => {
  const allowed =
    /^(User|Group|WorkingDirectory|ExecStart|Environment|EnvironmentFile|StateDirectory|ReadWritePaths|TimeoutStopSec)=/;
  const role = `ansible/roles/athena_${side}`;

  test('changes places, names and times, never a fence', () => {
    const lines = linesOf(read(`${role}/templates/drop-in.conf.j2`));
    // A line that the owner of the machine asks for is the owner's decision.
    const settings = lines.filter((line) => !/^\{%|^\[|^\{\{ line \}\}$/.test(line));
    expect(settings.filter((line) => !allowed.test(line))).toEqual([]);
    expect(settings.find((line) => line.startsWith('User='))).toBe(`User={{ athena_${side}_user }}`);
    expect(read(`${role}/defaults/main.yml`)).toMatch(/^athena_\w+_user: athena(-worker)?$/m);
  });
});

const canVerify = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!canVerify) console.warn('SKIPPED: systemd-analyze verify of the units (systemd-analyze is not here)');

test.skipIf(!canVerify).each(['athena.service', 'athena-worker.service'])(
  'systemd finds nothing wrong in %s',
  (unit) => {
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', path.join(root, 'deploy', unit)], {
      encoding: 'utf8',
    });
    // Whether this machine has the program, the user or the folder says nothing about the unit.
    const complaints = verified.stderr
      .split('\n')
      .filter((line) => line.includes(unit) && !/is not executable|not found/.test(line));
    expect(complaints).toEqual([]);
  },
);

describe('the examples of reverse proxies', () => {
  const examples = ['Caddyfile', 'nginx.conf', 'traefik.yml'].map(
    (file) => [file, read(`deploy/proxy/${file}`)] as const,
  );

  test.each(examples)(
    '%s waits long enough for a waiting claim, and says what Athena must be told',
    (_file, text) => {
      expect(text).toMatch(/(response_header_timeout|proxy_read_timeout|responseHeaderTimeout:) 70s/);
      for (const setting of ['API_HOST=127.0.0.1', 'TRUSTED_PROXIES=127.0.0.1', 'API_BEHIND_TLS=yes'])
        expect(text).toContain(setting);
    },
  );

  test('nginx never passes on what a client wrote into X-Forwarded-For', () => {
    const text = linesOf(read('deploy/proxy/nginx.conf')).join('\n');
    expect(text).toContain('proxy_set_header X-Forwarded-For $remote_addr;');
    expect(text).not.toContain('proxy_add_x_forwarded_for');
  });

  test("Traefik's entry point must outlast a waiting claim, and is told so", () => {
    expect(read('deploy/proxy/traefik.yml')).toContain('readTimeout: 90s');
    expect(read('deploy/proxy/docker-compose.traefik.yml')).toContain('ports: !reset []');
  });
});

test('SECURITY.md names no file that is not there', () => {
  const named = [...read('SECURITY.md').matchAll(/`((?:tests|deploy|\.ci)\/[\w./-]*)`|\]\(([\w./-]+)\)/g)];
  const files = named.map(([, quoted, linked]) => quoted ?? linked!);
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});
