import { describe, expect, test } from 'vitest';
import { readConfig, VARIABLES } from '../../src/config.ts';
import { read, settingsOf } from './files.ts';

const [serverPart, composePart] = read('.env.example').split('Read by docker compose alone');
const settings = settingsOf(serverPart!);
const composeFiles = ['docker-compose.yml', 'docker-compose.stock-node.yml'];

/** What the server makes of these settings, with Discord on so that its part can be seen too. */
const configOf = (given: Record<string, string>) => readConfig({ DISCORD_TOKEN: 'some-token', ...given });

describe('.env.example', () => {
  test('names every variable that the server reads, once, and no other', () => {
    expect(settings.map(({ name }) => name).sort()).toEqual([...VARIABLES].sort());
  });

  test('shows each default as it is: copying the file changes nothing', () => {
    const shown = Object.fromEntries(settings.filter(({ isOff }) => !isOff).map((s) => [s.name, s.value]));
    expect(configOf(shown)).toEqual(configOf({}));
  });

  test('leaves out values only where there is no default', () => {
    const withoutValue = settings.filter(({ isOff }) => isOff);
    expect(withoutValue.map(({ name, value }) => `${name}=${value}`).sort()).toEqual([
      'ALLOWED_ROLES=',
      'API_KEY=',
      'ARCHIVE_DIR=',
      'BACKUP_DIR=',
      'DISCORD_API_URL=',
      'DISCORD_GUILD_ID=',
      'DISCORD_TOKEN=',
      'MANAGE_ROLES=',
      'MAX_OPEN_PER_PERSON=',
      'MAX_RUNNING_PER_PERSON=',
      'MAX_SUBMISSIONS_PER_HOUR=',
      'OWNERS=',
      'RETENTION_DAYS=',
      'SUBMIT_ROLES=',
      'TASK_FORUM=',
      'TRUSTED_PROXIES=',
      'USER_DAILY_COST_USD=',
    ]);
    for (const { name, value, isOff } of settings) if (!isOff) expect(value, name).not.toBe('');
  });

  test('explains each variable in the comment above it', () => {
    const blocks = serverPart!.split(/\n\n/).filter((block) => settingsOf(block).length > 0);
    for (const block of blocks) expect(block, block).toMatch(/^# [A-Z]/);
  });

  test('has no comment behind a value, where systemd would read it as part of the value', () => {
    for (const { name, value } of settings) expect(value, name).not.toMatch(/\s|#/);
  });

  test('names what the compose files take from it, and no more', () => {
    const taken = composeFiles.flatMap((file) =>
      [...read(file).matchAll(/\$\{(\w+):-/g)].map((match) => match[1]!),
    );
    const own = [...new Set(taken)].filter((name) => !VARIABLES.includes(name));
    expect(settingsOf(composePart!).map(({ name }) => name)).toEqual(own.sort(byAppearance));
  });

  test('and the compose files agree on every default', () => {
    const shown = new Map(settingsOf(read('.env.example')).map(({ name, value }) => [name, value]));
    for (const file of composeFiles) {
      for (const [, name, fallback] of read(file).matchAll(/\$\{(\w+):-([^}]*)\}/g)) {
        expect(shown.get(name!), `${name!} in ${file}`).toBe(fallback);
      }
    }
  });
});

test("the service's sample names known variables only, with their defaults", () => {
  const shown = new Map(settings.map(({ name, value }) => [name, value]));
  const sample = settingsOf(read('deploy/athena.env.example'));
  expect(sample.length).toBeGreaterThan(0);
  for (const { name, value } of sample) expect(value, name).toBe(shown.get(name));
});

function byAppearance(a: string, b: string): number {
  const text = composePart!;
  return text.indexOf(`${a}=`) - text.indexOf(`${b}=`);
}
