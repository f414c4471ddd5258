import { describe, expect, test } from 'vitest';
import { linesOf, read } from './files.ts';

/** The text of one service: from its name to the next key on its level. */
function serviceIn(file: string, name: string): string {
  const services = linesOf(read(file))
    .join('\n')
    .split('\nservices:\n')[1]!
    .split(/\n(?=\S)/)[0]!;
  return services.split(/\n(?= {2}\w)/).find((service) => service.trimStart().startsWith(`${name}:`))!;
}

describe.each(['docker-compose.yml', 'docker-compose.stock-node.yml'])('%s', (file) => {
  const service = serviceIn(file, 'athena');

  test.each([
    ['its name', /^ {4}container_name: athena-bot$/m],
    ['its restart policy', /^ {4}restart: unless-stopped$/m],
    ['its data beside it', /^ {6}- \.\/data:\/app\/data$/m],
    ['a .env that may be missing', /^ {6}- path: \.env\n {8}required: false$/m],
    ['a read-only system', /^ {4}read_only: true\n {4}tmpfs:\n {6}- \/tmp:/m],
    ['no capabilities', /^ {4}cap_drop:\n {6}- ALL$/m],
    ['no way to new ones', /^ {6}- no-new-privileges:true$/m],
    ['bounded memory', /^ {10}memory: \d+M$/m],
    ['bounded processes', /^ {10}pids: \d+$/m],
    ['bounded logs', /^ {8}max-size: 10m\n {8}max-file: '3'$/m],
    ['a user that is not root', /^ {4}user: '\$\{ATHENA_UID:-[1-9]\d*\}:/m],
  ])('has %s', (_, pattern) => {
    expect(service).toMatch(pattern);
  });

  test('listens on the port that it publishes', () => {
    expect(service).toContain("API_PORT: '${API_PORT:-5051}'");
    expect(service).toContain('- target: ${API_PORT:-5051}');
    expect(service).toContain("published: '${API_PORT:-5051}'");
  });

  test('gives the server more time to stop than the ten seconds that it may take', () => {
    const seconds = Number(/^ {4}stop_grace_period: (\d+)s$/m.exec(service)![1]);
    expect(seconds).toBeGreaterThan(10);
  });

  test('says what an LXC host must allow', () => {
    expect(read(file)).toMatch(/# - apparmor=unconfined/);
  });
});

test('the LXC notes name the features of the host', () => {
  const notes = read('docker-compose.yml')
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .join('\n');
  for (const word of ['nesting', 'keyctl', 'fuse', 'apparmor=unconfined', '101000']) {
    expect(notes).toContain(word);
  }
});

test('the stock variant builds no image and mounts the program read-only', () => {
  const service = serviceIn('docker-compose.stock-node.yml', 'athena');
  expect(service).not.toContain('build:');
  for (const folder of ['node_modules', 'dist', 'cli/dist']) {
    expect(service).toContain(`source: ./${folder}\n        target: /app/${folder}\n        read_only: true`);
  }
  expect(service).toContain("command: ['node', 'dist/main.js']");
});
