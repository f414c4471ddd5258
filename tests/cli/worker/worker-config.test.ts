import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../cli/exit-code.ts';
import {
  checkWorkerConfig,
  formatProblems,
  loadWorkerConfig,
  workerConfigFile,
  type Machine,
} from '../../../cli/worker/worker-config.ts';

const MACHINE: Machine = {
  hostname: 'homelab-1',
  home: '/home/me',
  cores: 8,
  memoryBytes: 4 * 1024 ** 3 + 5,
  isRoot: false,
};
const FILE = '/etc/athena/worker.yaml';

const LEAST = 'projects:\n  notes:\n    repo: https://git.example.org/me/notes.git\n';

const SAMPLE = `# worker.yaml
name: homelab-1-worker
capabilities: [docker, gpu]
concurrency: 2
default_project: notes
workspace: ~/.local/share/athena-worker
grace_minutes: 5
hold_minutes: 10
checkpoint_minutes: 2
limits: {max_cost_usd: 5, max_tokens: 5000000, max_turns: 100, max_minutes: 60, daily_cost_usd: 50, min_free_disk_gb: 2}
git: {name: Athena, email: athena@localhost}
projects:
  notes:
    repo: https://git.example.org/me/notes.git
    base: main
    setup: npm ci
    setup_minutes: 10
    idle_minutes: 10
    executor: claude
    command: ["my-agent", "--stdin"]
    model: claude-sonnet-4-5
    permissions: ask
    allow_root: false
    project_settings: false
    mcp_servers: {}
    env: {pass: [NPM_TOKEN], set: {CI: "1"}}
    push: true
    sandbox: false
`;

function problemsOf(text: string, machine: Partial<Machine> = {}): string[] {
  const { problems, settings } = checkWorkerConfig(text, FILE, { ...MACHINE, ...machine });
  expect(settings === undefined).toBe(problems.length > 0);
  return formatProblems(FILE, problems).split('\n');
}

const inNotes = (lines: string) => `${LEAST}    ${lines.replaceAll('\n', '\n    ')}\n`;

describe('worker.yaml', () => {
  it.each([
    'ANTHROPIC_BASE_URL',
    'ANTHROPIC_MODEL',
    'ANTHROPIC_CUSTOM_HEADERS',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CONFIG_DIR',
    'ATHENA_RUN_MARK',
    'HOME',
  ])('refuses that a project hands over %s', (name) => {
    const text = 'must not be a variable that the worker keeps to itself or sets for each run';
    expect(problemsOf(inNotes(`env: {pass: [${name}]}`))).toEqual([
      `worker.yaml:4 projects.notes.env.pass.0 ${text}`,
    ]);
    expect(problemsOf(inNotes(`env:\n  set:\n    CI: "1"\n    ${name}: "x"`))).toEqual([
      `worker.yaml:7 projects.notes.env.set.${name} ${text}`,
    ]);
  });

  it('becomes settings: the sample of the contract', () => {
    const { settings } = checkWorkerConfig(SAMPLE, FILE, MACHINE);
    expect(settings).toMatchObject({
      name: 'homelab-1-worker',
      capabilities: ['docker', 'gpu'],
      concurrency: 2,
      defaultProject: 'notes',
      workspace: '/home/me/.local/share/athena-worker',
      graceMs: 300_000,
      limits: { costUsd: 5, tokens: 5_000_000, minFreeDiskBytes: 2e9 },
    });
    expect(settings?.projects['notes']).toMatchObject({
      setup: 'npm ci',
      command: ['my-agent', '--stdin'],
      env: { pass: ['NPM_TOKEN'], set: { CI: '1' } },
    });
  });

  it('has a default for everything but the repositories', () => {
    const { settings } = checkWorkerConfig(LEAST, FILE, MACHINE);
    expect(settings).toEqual({
      name: 'homelab-1-worker',
      capabilities: [],
      concurrency: 4,
      defaultProject: null,
      workspace: '/home/me/.local/share/athena-worker',
      graceMs: 300_000,
      holdMs: 600_000,
      checkpointMs: 120_000,
      limits: {
        costUsd: 5,
        tokens: 5_000_000,
        turns: 100,
        minutes: 60,
        dailyCostUsd: 50,
        minFreeDiskBytes: 2e9,
      },
      git: { name: 'Athena', email: 'athena@localhost' },
      projects: {
        notes: {
          name: 'notes',
          repo: 'https://git.example.org/me/notes.git',
          base: 'main',
          setup: null,
          setupMs: 600_000,
          idleMs: 600_000,
          turnsPerRun: null,
          executor: 'claude',
          command: [],
          model: null,
          permissions: 'ask',
          allow: [],
          deny: [],
          allowRoot: false,
          projectSettings: false,
          mcpServers: {},
          env: { pass: [], set: {} },
          push: true,
          sandbox: false,
        },
      },
    });
  });

  it('takes as many runs as there are cores, unless memory is short, and never none', () => {
    const runs = (cores: number, gib: number) =>
      checkWorkerConfig(LEAST, FILE, { ...MACHINE, cores, memoryBytes: gib * 1024 ** 3 }).settings
        ?.concurrency;
    expect([runs(2, 24), runs(8, 3.9), runs(4, 0.5)]).toEqual([2, 3, 1]);
  });

  it('knows paths from the home and from its own folder', () => {
    const repo = (text: string) =>
      checkWorkerConfig(`projects: {a: {repo: ${text}}}`, FILE, MACHINE).settings?.projects['a']?.repo;
    expect(repo('~/notes.git')).toBe('/home/me/notes.git');
    expect(repo('../notes.git')).toBe('/etc/notes.git');
    expect(repo('file:///srv/my%20notes.git')).toBe('/srv/my notes.git');
    expect(repo('git@git.example.org:me/notes.git')).toBe('git@git.example.org:me/notes.git');
    const { settings } = checkWorkerConfig(`workspace: runs\n${LEAST}`, FILE, MACHINE);
    expect(settings?.workspace).toBe('/etc/athena/runs');
  });

  it('lists every problem at once, by line and field', () => {
    const text = `name: ""
capabilities: [Docker]
concurency: 2
hold_minutes: soon
projects:
  Notes:
    repo: https://me:hunter2@git.example.org/notes.git
    model: 3
    permisions: full
  tools:
    base: ../evil
    executor: command
    env: {pass: [ATHENA_GIT_TOKEN, "A B"], set: {CI: 1}}
default_project: tool
limits: {max_cost_usd: -1, max_turns: 1.5}
`;
    expect(problemsOf(text)).toEqual([
      'worker.yaml:1 name must be 1 to 100 characters without control characters',
      'worker.yaml:2 capabilities.0 must be 1 to 32 characters of a-z, 0-9 and "-"',
      'worker.yaml:3 concurency is not known: did you mean concurrency?',
      'worker.yaml:4 hold_minutes must be a number of minutes from 0 to 10080',
      'worker.yaml:6 projects.Notes must be 1 to 32 characters of a-z, 0-9 and "-"',
      'worker.yaml:7 projects.Notes.repo must not contain a password: set ATHENA_GIT_TOKEN in the environment',
      'worker.yaml:8 projects.Notes.model must be a full model id such as claude-sonnet-4-5',
      'worker.yaml:9 projects.Notes.permisions is not known: did you mean permissions?',
      'worker.yaml:10 projects.tools.repo is missing: it must be text on one line',
      'worker.yaml:10 projects.tools.command is missing: the executor "command" needs a program',
      'worker.yaml:11 projects.tools.base must be the name of a branch',
      'worker.yaml:13 projects.tools.env.pass.0 must not be a variable that the worker keeps to itself or sets for each run',
      'worker.yaml:13 projects.tools.env.pass.1 must be the name of a variable',
      'worker.yaml:13 projects.tools.env.set.CI must be text: put it in quotes',
      'worker.yaml:14 default_project must be one of the projects: did you mean tools?',
      'worker.yaml:15 limits.max_cost_usd must be a number of US dollars above 0, or null for no limit',
      'worker.yaml:15 limits.max_turns must be a whole number of turns above 0, or null for no limit',
    ]);
  });

  it.each([
    ['a: [', /is no valid YAML here/],
    [`${LEAST}  notes:\n    repo: /b\n`, /^worker\.yaml:4 notes is there twice: keep one of them$/],
    [inNotes('base: a\nbase: b'), /^worker\.yaml:5 base is there twice/],
    ['projects:\n\tnotes: 1\n', /^worker\.yaml:2 is indented with a tab/],
    ['', /^worker\.yaml:1 projects is missing: it must name at least one project/],
    ['projects: {}', /^worker\.yaml:1 projects must name at least one project/],
    ['- a', /^worker\.yaml:1 must be fields/],
    ['projects: {a: text}', /^worker\.yaml:1 projects\.a must be fields/],
    [inNotes('model: sonnet'), /model must be a full model id/],
    [inNotes('mcp_servers: {a: 1}'), /mcp_servers\.a must be the settings of a server/],
    [inNotes('push: yes'), /push must be true or false/],
    ['projects: {a: {repo: "ext::sh -c id"}}', /repo must be an http\(s\), ssh or file URL, or a path/],
    ['projects: {a: {repo: "--upload-pack=id"}}', /repo must not begin with "-"/],
    ['projects: {a: {repo: "ftp://h/x"}}', /repo must be an http\(s\), ssh or file URL, or a path/],
    ['a: &a [*a]', /./],
    [`${LEAST}name: *unknown\n`, /^worker\.yaml:4 has an alias .* without its anchor/],
    ['projects: {a: {repo: "file:///a%2Fb.git"}}', /a\.repo must have "%" only before/],
    ['projects: {a: {repo: "https://us%er@h/x.git"}}', /a\.repo must have "%" only before/],
    ['projects: {a: {repo: "file:relative"}}', /a\.repo must be "file:\/\/\/" and a path/],
    ['projects: {a: {repo: "file://"}}', /a\.repo must be "file:\/\/\/" and a path/],
    [inNotes('executor: command\ncommand: ["a\\0b"]'), /command\.0 must not contain the character NUL/],
    [inNotes('env: {set: {A: "a\\0b"}}'), /env\.set\.A must not contain the character NUL/],
    [inNotes('base: claude'), /base must not be claude/],
    [inNotes('env: {set: {HOME: /x}}'), /env\.set\.HOME must not be a variable/],
  ])('says what is wrong with %j', (text, expected) => {
    expect(problemsOf(text)[0]).toMatch(expected);
  });

  it('names every variable of env.set that is wrong, beside wrong values', () => {
    const found = problemsOf(inNotes('env:\n  set:\n    HOME: "1"\n    "A B": "2"\n    CI: 3'));
    expect(found.map((line) => line.slice(0, line.indexOf(' must')))).toEqual([
      'worker.yaml:6 projects.notes.env.set.HOME',
      'worker.yaml:7 projects.notes.env.set.A B',
      'worker.yaml:8 projects.notes.env.set.CI',
    ]);
  });

  it('does not let root run everything unless that is said twice', () => {
    expect(problemsOf(inNotes('permissions: full'), { isRoot: true })).toEqual([
      'worker.yaml:4 projects.notes.permissions must not be full as root: use another account, or set allow_root: true',
    ]);
    expect(problemsOf(inNotes('permissions: full\nallow_root: true'), { isRoot: true })).toEqual(['']);
    expect(problemsOf(inNotes('permissions: full'))).toEqual(['']);
  });

  it('never repeats a value that may be a secret', () => {
    const secret = 'sk-hunter2-hunter2';
    const texts = [
      inNotes(`env: {set: {TOKEN: [${secret}]}}`),
      inNotes(`env: {set: {TOKEN: "${secret}}}`),
      inNotes(`env: {set: {TOKEN: *${secret}}}`),
      inNotes(`env: {set: {"${secret}": 1}, pass: ["${secret}"], x: ${secret}}`).replace(
        `"${secret}": 1`,
        'A: 1',
      ),
      `projects: {a: {repo: "https://u:${secret}@h/x"}}`,
    ];
    for (const text of texts) expect(problemsOf(text).join('\n')).not.toContain('hunter2');
  });
});

describe('the file worker.yaml', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-worker-'));
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const failure = (file: string): unknown => {
    try {
      return loadWorkerConfig(file, MACHINE);
    } catch (error) {
      return error;
    }
  };

  it('lies beside the other settings of the client', () => {
    expect(workerConfigFile({ platform: 'linux', env: {}, home: '/home/me' })).toBe(
      '/home/me/.config/claude-task-client/worker.yaml',
    );
  });

  it('ends the command with exit code 2 when it is wrong, missing or no file of settings', () => {
    const file = path.join(folder, 'worker.yaml');
    expect(failure(file)).toMatchObject({ code: 'bad_config', message: `The file ${file} does not exist.` });
    fs.writeFileSync(file, 'projects: {}\n');
    const error = failure(file);
    expect(exitCodeOf(error)).toBe(2);
    expect(error).toMatchObject({ message: expect.stringContaining('worker.yaml:1 projects') as string });
    fs.writeFileSync(file, '#'.repeat(1024 * 1024 + 1));
    expect(failure(file)).toMatchObject({ code: 'bad_config' });
    fs.writeFileSync(file, LEAST);
    expect(failure(file)).toMatchObject({ concurrency: 4 });
  });
});
