import { describe, expect, test } from 'vitest';
import { checkWorkerConfig } from '../../cli/worker/worker-config.ts';
import { configFolder } from '../../cli/folders.ts';
import { instructionsOf, linesOf, read } from './files.ts';

const instructions = instructionsOf(read('deploy/worker.Dockerfile'));
const lastStage = instructions.slice(instructions.findLastIndex(({ word }) => word === 'FROM'));
const only = (word: string) => {
  const found = lastStage.filter((instruction) => instruction.word === word);
  expect(found, word).toHaveLength(1);
  return found[0]!.rest;
};
const env: Readonly<Record<string, string>> = Object.fromEntries(
  [...only('ENV').matchAll(/(\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]),
);

describe("the worker's image", () => {
  test('takes one task and ends, with nothing in front that would keep the keys', () => {
    expect(JSON.parse(only('ENTRYPOINT'))).toEqual(['claude-task-client']);
    expect(JSON.parse(only('CMD'))).toEqual(['work', '--once']);
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
  });

  test('runs as a user that is not root, by number, who owns the workspace alone', () => {
    expect(only('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const steps = lastStage.filter(({ word }) => word === 'RUN').map(({ rest }) => rest);
    expect(steps.join('\n')).toContain(`chown ${only('USER')} /workspace && chmod 0700 /workspace`);
  });

  test('has everything that the worker writes in its volume, and looks for worker.yaml outside of it', () => {
    expect(only('VOLUME')).toBe('/workspace');
    const home = env['HOME']!;
    const machine = { hostname: 'h', home, cores: 2, memoryBytes: 8e9, isRoot: false };
    const { settings } = checkWorkerConfig('projects: {a: {repo: /srv/a.git}}', '/w.yaml', machine);
    expect(settings!.workspace).toMatch(/^\/workspace\//);
    expect(configFolder({ platform: 'linux', env, home })).toBe('/etc/claude-task-client');
    expect(read('deploy/README.md')).toContain('/worker.yaml:/etc/claude-task-client/worker.yaml:ro');
  });

  test('builds and runs on the same base image as the server, which can be chosen', () => {
    expect(instructions[0]).toEqual(instructionsOf(read('Dockerfile'))[0]);
    const bases = instructions.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0]);
    expect(bases).toEqual(['${BASE_IMAGE}', '${BASE_IMAGE}']);
  });

  test('holds the client, and neither its sources nor the Agent SDK', () => {
    const copied = lastStage.filter(({ word }) => word === 'COPY').map(({ rest }) => rest);
    expect(copied).toEqual([
      '--from=build --chown=0:0 /app/cli/dist/claude-task-client.mjs /usr/local/lib/claude-task-client/',
      'LICENSE /usr/local/lib/claude-task-client/',
    ]);
    expect(instructions.some(({ rest }) => /anthropic|claude-agent-sdk|work setup/.test(rest))).toBe(false);
  });

  test('is made from files that .dockerignore lets through', () => {
    const letThrough = linesOf(read('.dockerignore')).filter((rule) => rule.startsWith('!'));
    const sources = instructions
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1))
      .map((source) => `!${source.split('/')[0]!}`);
    expect(letThrough).toEqual(expect.arrayContaining(sources));
  });
});
