/** What the real Agent SDK does in a run: work, limits, refusals of the API, questions, and being told to stop. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findTranscript } from '../../cli/worker/claude-transcript.ts';
import type { Answered, Ended } from '../../cli/worker/executor.ts';
import { carriersOf } from '../../cli/worker/processes.ts';
import { answer, bash, refuse, say, use } from '../support/messages-api/replies.ts';
import { recordWatcher } from '../support/worker/run-world.ts';
import { isGone, pidIn, until } from '../support/worker/until.ts';
import { IS_MISSING, openAgentWorld, REAL_KEY, type AgentWorld } from './world.ts';

const NO_LIMIT = { costUsd: null, tokens: null, turns: null, minutes: null };
const SESSION_WAIT = { timeoutMs: 45_000 };

describe.skipIf(IS_MISSING)('a run of Claude Code', () => {
  let world: AgentWorld;
  /** Nobody answers until a test says so. */
  let reply: (answered: Answered | null) => void;

  beforeEach(async () => {
    const watcher = recordWatcher(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
    );
    world = await openAgentWorld(watcher);
  });

  afterEach(async () => {
    await world.close();
  });

  const notices = () =>
    world.watcher.messages.filter(({ kind }) => kind === 'notice').map(({ text }) => text);
  const file = (name: string) => path.join(world.folder.folders.tree, name);
  const transcriptOf = ({ sessionId }: Ended) => findTranscript(world.folder.folders, sessionId) ?? '';
  const first = ({ number }: { number: number }) => number === 1;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: world.folder.folders.tree });

  test('writes a file, runs git, and tells each step', async () => {
    git('init', '-q');
    world.api.script(
      { when: first, then: use('Write', { file_path: file('note.txt'), content: 'from the model\n' }) },
      { when: ({ number }) => number === 2, then: bash('git add note.txt && git status --short; exit 3') },
      { when: /./, then: say('Wrote the note.') },
    );
    const ended = await world.start().ended;
    expect(ended.ending).toEqual({ kind: 'done', summary: 'Wrote the note.' });
    expect(fs.readFileSync(file('note.txt'), 'utf8')).toBe('from the model\n');
    const tools = world.watcher.messages.filter(({ kind }) => kind === 'tool').map(({ text }) => text);
    expect(tools[0]).toMatch(/^Write: note\.txt · ok · \d+\.\d s$/);
    expect(tools[1]).toMatch(
      /^Bash: git add note\.txt && git status --short; exit 3 · exit 3 · \d+\.\d s\nA {2}note/,
    );
    expect(ended.totals).toMatchObject({ turns: 3, inputTokens: 300, outputTokens: 60 });
    expect(world.watcher.sessions).toEqual([ended.sessionId]);
    expect(fs.readFileSync(transcriptOf(ended), 'utf8')).toContain('Wrote the note.');
  });

  test.each([
    ['turns', { turns: 2 }],
    ['costUsd', { costUsd: 0.0005 }],
    ['tokens', { tokens: 100 }],
  ])('ends when %s are used up', async (which, limit) => {
    world.api.script({ when: /./, then: bash('echo again') });
    const ended = await world.start({ left: { ...NO_LIMIT, ...limit } }).ended;
    expect(ended.ending).toEqual({ kind: 'budget', which });
    expect(world.api.requests.length).toBeLessThanOrEqual(2);
  });

  test.each([
    [401, 'invalid x-api-key', 'key'],
    [402, 'Payment required', 'billing'],
    [400, 'Your credit balance is too low to access the API.', 'billing'],
  ])('a refusal by %i is the fault of this machine, at once: %s', async (status, message, fault) => {
    world.api.script({ when: /./, then: refuse(status, message) });
    const { ending } = await world.start().ended;
    expect(ending).toEqual({ kind: 'fault', fault, detail: `${status}: ${message}` });
    expect(world.api.requests).toHaveLength(1);
  });

  test('a failure of the API is no success, though its result says so', async () => {
    world.api.script({ when: /./, then: refuse(529, 'Overloaded', { 'x-should-retry': 'false' }) });
    const { ending } = await world.start().ended;
    expect(ending).toEqual({ kind: 'overload', detail: '529: Overloaded' });
  });

  test('waits for the API are told, and end', async () => {
    const overloaded = refuse(529, 'Overloaded', { 'retry-after': '3' });
    world.api.script({ when: first, then: overloaded }, { when: /./, then: say('Here I am.') });
    const { ending } = await world.start().ended;
    expect(ending).toEqual({ kind: 'done', summary: 'Here I am.' });
    expect(notices()).toEqual([
      expect.stringMatching(/^The model is overloaded \(529\): trying again in [345] s, 1 of 8\.$/),
    ]);
  });

  test.each(['HTTP_PROXY', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'a %s of the project is no way around the proxy of the model',
    async (name) => {
      world.api.script({ when: first, then: bash('env > env.txt') }, { when: /./, then: say('Done.') });
      const env = { ...world.env, [name]: 'http://127.0.0.1:9', NO_PROXY: 'example.org' };
      expect((await world.start({ env }).ended).ending.kind).toBe('done');
      expect(world.api.requests).toHaveLength(2);
      const seen = fs.readFileSync(file('env.txt'), 'utf8');
      expect(seen).toContain(`${name}=http://127.0.0.1:9\n`);
      expect(seen).toMatch(/^NO_PROXY=example\.org,127\.0\.0\.1/m);
    },
  );

  test('a sandbox that cannot be had is the fault of this machine, before anything is asked', async () => {
    const bin = path.join(world.folder.root, 'bin');
    fs.mkdirSync(bin);
    for (const name of ['bash', 'sh', 'env', 'git', 'ls', 'cat', 'which'])
      fs.symlinkSync(fs.realpathSync(`/usr/bin/${name}`), path.join(bin, name));
    const { ending } = await world.start({ env: { ...world.env, PATH: bin } }, { sandbox: true }).ended;
    expect(ending).toMatchObject({ kind: 'fault', fault: 'binary' });
    expect(ending).toHaveProperty('detail', expect.stringMatching(/bubblewrap.*socat.*work setup/s));
    expect(world.api.requests).toHaveLength(0);
  });

  test('a quota is told with its end', async () => {
    world.api.script({ when: /./, then: refuse(429, 'Limit reached', { 'retry-after': '7200' }) });
    const before = Date.now();
    const { ending } = await world.start().ended;
    expect(ending).toMatchObject({ kind: 'quota', detail: '429: Limit reached' });
    const waitMs = ending.kind === 'quota' ? ending.until.getTime() - before : 0;
    expect(waitMs).toBeGreaterThanOrEqual(7_200_000);
    expect(waitMs).toBeLessThan(7_260_000);
  });

  test('cancelled inside a command: nothing lives and no request is open 2 s later', async () => {
    world.api.script({ when: /./, then: bash(`(sleep 301 & echo $! > child; wait) & echo $$ > pid; wait`) });
    const run = world.start();
    const pids = [await pidIn(file('pid')), await pidIn(file('child')), ...run.pids()];
    const began = performance.now();
    run.stop();
    expect((await run.ended).ending).toEqual({ kind: 'stopped' });
    await until('all to be gone', () => pids.every(isGone), 2_000);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(world.api.open()).toBe(0);
    expect(world.api.requests).toHaveLength(1);
    expect(carriersOf(`CLAUDE_CONFIG_DIR=${world.folder.folders.config}`)).toEqual([]);
  });

  test('cancelled while a question is open: it ends at once and asks the model nothing more', async () => {
    world.api.script({ when: /./, then: bash('touch made') });
    const run = world.start({}, { permissions: 'ask' });
    await world.watcher.bell.waitFor(() => world.watcher.questions.length === 1, SESSION_WAIT);
    const pids = run.pids();
    run.stop();
    expect((await run.ended).ending).toEqual({ kind: 'stopped' });
    await until('all to be gone', () => pids.every(isGone), 2_000);
    expect(world.api.requests).toHaveLength(1);
    expect(world.api.open()).toBe(0);
    expect(fs.existsSync(file('made'))).toBe(false);
  });

  test('a permission is asked for, and what people say reaches the model', async () => {
    world.api.script(
      { when: first, then: bash('touch one') },
      { when: ({ number }) => number === 2, then: bash('touch two') },
      { when: /./, then: say('Made both.') },
    );
    const run = world.start({}, { permissions: 'ask' });
    await world.watcher.bell.waitFor(() => world.watcher.questions.length === 1, SESSION_WAIT);
    const [question] = world.watcher.questions;
    expect(question).toMatchObject({ kind: 'permission', title: 'Bash: touch one', detail: 'touch one' });
    expect(question?.call).toMatchObject({ tool: 'Bash', input: { command: 'touch one' } });
    reply({ option: 'allow_once', text: null, by: 'ada' });
    await world.watcher.bell.waitFor(() => world.watcher.questions.length === 2, SESSION_WAIT);
    reply({ option: 'deny', text: 'not that one', by: 'ada' });
    expect((await run.ended).ending).toEqual({ kind: 'done', summary: 'Made both.' });
    expect(fs.existsSync(file('one'))).toBe(true);
    expect(fs.existsSync(file('two'))).toBe(false);
    expect(world.api.requests[2]?.last).toContain('ada refused this: not that one');
  });

  test('two calls in one answer, one of them parked: the other is kept, and a later run goes on', async () => {
    const two = answer([
      { type: 'tool_use', name: 'Bash', input: { command: 'mkdir kept', description: 'a' } },
      { type: 'tool_use', name: 'Bash', input: { command: 'touch asked', description: 'b' } },
    ]);
    world.api.script({ when: first, then: two }, { when: /./, then: say('Went on.') });
    const asking = { permissions: 'ask', allow: ['Bash(mkdir:*)'] } as const;
    const run = world.start({}, asking);
    await world.watcher.bell.waitFor(
      () => world.watcher.questions.some(({ title }) => title.includes('touch asked')),
      SESSION_WAIT,
    );
    const question = world.watcher.questions.find(({ title }) => title.includes('touch asked'));
    await until('the call beside it', () => fs.existsSync(file('kept')));
    reply(null);
    const parked = await run.ended;
    expect(parked.ending).toEqual({ kind: 'parked' });
    expect(world.api.requests).toHaveLength(1);

    world.api.script(
      { when: /was allowed/, then: bash('touch asked', { description: 'b' }) },
      { when: /./, then: say('Went on.') },
    );
    const call = question?.call ?? { tool: '', input: {} };
    const again = world.start(
      {
        prompt: 'Your call "touch asked" was allowed by ada.',
        resume: { sessionId: parked.sessionId ?? '', transcript: transcriptOf(parked) },
        decided: [{ ...call, allowed: true }],
      },
      asking,
    );
    const ended = await again.ended;
    expect(ended.ending).toEqual({ kind: 'done', summary: 'Went on.' });
    expect(ended.sessionId).toBe(parked.sessionId);
    expect(fs.existsSync(file('asked'))).toBe(true);
    expect(world.api.requests[1]?.all).toContain('mkdir kept');
  });

  test('a question of the model reaches people, and their choice the model', async () => {
    const questions = [
      {
        question: 'Which port?',
        header: 'Port',
        multiSelect: false,
        options: [
          { label: '80', description: 'plain' },
          { label: '443', description: 'TLS' },
        ],
      },
    ];
    world.api.script(
      { when: first, then: use('AskUserQuestion', { questions }) },
      { when: /443/, then: say('443.') },
    );
    const run = world.start();
    await world.watcher.bell.waitFor(() => world.watcher.questions.length === 1, SESSION_WAIT);
    expect(world.watcher.questions[0]).toMatchObject({ kind: 'choice', title: 'Port', rule: null });
    reply({ option: '2', text: null, by: 'ada' });
    expect((await run.ended).ending).toEqual({ kind: 'done', summary: '443.' });
  });

  test('hooks and servers of the branch do not run, its CLAUDE.md is read', async () => {
    const hook = { hooks: [{ type: 'command', command: `touch ${file('hooked')}` }] };
    const hooks = { SessionStart: [hook], PreToolUse: [{ matcher: '.*', ...hook }], Stop: [hook] };
    fs.mkdirSync(file('.claude'));
    fs.writeFileSync(
      file('.claude/settings.json'),
      JSON.stringify({ hooks, permissions: { allow: ['Bash'] } }),
    );
    const mcpServers = { evil: { command: 'touch', args: [file('served')] } };
    fs.writeFileSync(file('.mcp.json'), JSON.stringify({ mcpServers }));
    fs.writeFileSync(file('CLAUDE.md'), 'The house rule is: purple elephants.');
    world.api.script({ when: first, then: bash('echo ran') }, { when: /./, then: say('Done.') });
    expect((await world.start().ended).ending.kind).toBe('done');
    expect(fs.existsSync(file('hooked'))).toBe(false);
    expect(fs.existsSync(file('served'))).toBe(false);
    expect(world.api.requests.some(({ all }) => all.includes('purple elephants'))).toBe(true);
  });

  test('with project_settings hooks and servers of the base run, and still none of the branch', async () => {
    const config = path.join(world.folder.root, 'project');
    const settingsFor = (name: string) => {
      const hook = { hooks: [{ type: 'command', command: `touch ${file(`hooked-by-${name}`)}` }] };
      const mcpServers = { [name]: { command: 'touch', args: [file(`served-by-${name}`)] } };
      return {
        settings: { hooks: { SessionStart: [hook], PreToolUse: [{ matcher: '.*', ...hook }] } },
        mcpServers,
      };
    };
    for (const [folder, name] of [
      [config, 'base'],
      [world.folder.folders.tree, 'branch'],
    ] as const) {
      const { settings, mcpServers } = settingsFor(name);
      fs.mkdirSync(path.join(folder, '.claude'), { recursive: true });
      fs.writeFileSync(path.join(folder, '.claude/settings.json'), JSON.stringify(settings));
      fs.writeFileSync(path.join(folder, '.mcp.json'), JSON.stringify({ mcpServers }));
    }
    fs.writeFileSync(file('CLAUDE.md'), 'The house rule is: purple elephants.');
    world.api.script({ when: first, then: bash('echo ran') }, { when: /./, then: say('Done.') });
    const run = world.start({ projectConfig: config }, { projectSettings: true });
    expect((await run.ended).ending.kind).toBe('done');
    await until('the server of the base', () => fs.existsSync(file('served-by-base')));
    expect(fs.existsSync(file('hooked-by-base'))).toBe(true);
    expect(fs.existsSync(file('hooked-by-branch'))).toBe(false);
    expect(fs.existsSync(file('served-by-branch'))).toBe(false);
    expect(world.api.requests.some(({ all }) => all.includes('purple elephants'))).toBe(true);
  });

  test('whoever sweeps after a run finds all of it by the mark that it was given', async () => {
    const env = { ...world.env, ATHENA_RUN_MARK: 'the-mark-of-this-run' };
    world.api.script({ when: first, then: bash('env > env.txt') }, { when: /./, then: say('Done.') });
    await world.start({ env }).ended;
    expect(fs.readFileSync(file('env.txt'), 'utf8')).toContain('ATHENA_RUN_MARK=the-mark-of-this-run\n');
  });

  test('no command of a run sees the real key, in its environment or in that of any process', async () => {
    const look = 'env > env.txt; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline > all.txt 2>/dev/null; true';
    world.api.script({ when: first, then: bash(look) }, { when: /./, then: say('Looked.') });
    expect((await world.start().ended).ending.kind).toBe('done');
    expect(fs.readFileSync(file('env.txt'), 'utf8')).toContain('ANTHROPIC_API_KEY=athena-run-');
    expect(fs.readFileSync(file('all.txt'), 'latin1')).toContain('ANTHROPIC_API_KEY=athena-run-');
    for (const name of ['env.txt', 'all.txt'])
      expect(fs.readFileSync(file(name), 'latin1')).not.toContain(REAL_KEY);
    expect(world.api.requests[0]?.headers['x-api-key']).toBe(REAL_KEY);
  });

  test.each(['Look at @secret.txt please', '/compact now'])('%s is only a text', async (prompt) => {
    fs.writeFileSync(file('secret.txt'), 'contents of the file');
    world.api.script({ when: /./, then: say('Read it.') });
    expect((await world.start({ prompt }).ended).ending).toEqual({ kind: 'done', summary: 'Read it.' });
    expect(world.api.requests).toHaveLength(1);
    expect(world.api.requests[0]?.last).toContain(prompt);
    expect(world.api.requests[0]?.all).not.toContain('contents of the file');
  });

  test('what the project denies is denied inside other commands too, though all else is allowed', async () => {
    world.api.script({ when: first, then: bash('echo a && touch denied') }, { when: /./, then: say('No.') });
    await world.start({}, { deny: ['Bash(touch:*)'] }).ended;
    expect(fs.existsSync(file('denied'))).toBe(false);
  });

  test('to-dos are told as a list', async () => {
    const create = use('TaskCreate', { subject: 'Write tests', description: 'All of them' });
    world.api.script(
      { when: first, then: create },
      { when: ({ number }) => number === 2, then: use('TaskUpdate', { taskId: '1', status: 'completed' }) },
      { when: /./, then: say('Planned.') },
    );
    await world.start().ended;
    expect(world.watcher.todos.at(-1)).toEqual([{ text: 'Write tests', status: 'completed' }]);
  });
});
