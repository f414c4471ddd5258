import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCommandExecutor } from '../../../cli/worker/command-executor.ts';
import type { Brief, Running } from '../../../cli/worker/executor.ts';
import { executorContract, type Scene } from '../../contracts/executor.contract.ts';
import { briefOf, makeRunFolder, projectSettings, recordWatcher } from '../../support/worker/run-world.ts';
import { until } from '../../support/worker/until.ts';

/** The scene as a script: whether a reply came is seen in the prompt. */
function scriptOf(scene: Scene): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const lines = ['prompt=$(cat)'];
  if (scene.answersReply !== undefined) {
    lines.push(`case "$prompt" in *"Reply from ada"*) echo ${quoted(scene.answersReply)}; exit 0;; esac`);
  }
  if (scene.shell !== undefined) lines.push(scene.shell);
  if (scene.hangs === true) lines.push('exec sleep 300');
  if (scene.fails === true) lines.push(`echo ${quoted(scene.says ?? '')} >&2; exit 3`);
  // Its last words are a text of their own: texts of one second are joined.
  else if (scene.says !== undefined) lines.push('sleep 1.1', `echo ${quoted(scene.says)}`);
  return lines.join('\n');
}

executorContract('the command executor', () => {
  const folder = makeRunFolder();
  const watcher = recordWatcher();
  return Promise.resolve({
    folder,
    watcher,
    play: (scene) => {
      const command = ['sh', '-c', scriptOf(scene)];
      const project = projectSettings({ command, idleMs: scene.idleMs ?? 600_000 });
      return createCommandExecutor().start(briefOf(folder, { project }), watcher);
    },
    openRequests: () => 0,
    noticesMs: 0,
    close: () => {
      folder.remove();
      return Promise.resolve();
    },
  });
});

describe('a command as a run', () => {
  let folder = makeRunFolder();
  let watcher = recordWatcher();
  let running: Running | null = null;

  beforeEach(() => {
    folder = makeRunFolder();
    watcher = recordWatcher();
  });

  afterEach(async () => {
    running?.stop();
    await running?.ended;
    folder.remove();
  });

  function run(command: string | readonly string[], over: Partial<Brief> = {}): Running {
    const argv = typeof command === 'string' ? ['sh', '-c', command] : command;
    const brief = briefOf(folder, { project: projectSettings({ command: argv }), ...over });
    running = createCommandExecutor().start(brief, watcher);
    return running;
  }

  const file = (name: string) => path.join(folder.folders.tree, name);

  test('gets its prompt on stdin, which is then closed, and works in the tree', async () => {
    await run('cat > prompt.txt').ended;
    expect(fs.readFileSync(file('prompt.txt'), 'utf8')).toBe('Deploy the monitoring stack.');
  });

  test('sees what it is told and nothing of the worker', async () => {
    process.env['ATHENA_TEST_OF_THE_WORKER'] = 'not for runs';
    await run('env > env.txt').ended;
    delete process.env['ATHENA_TEST_OF_THE_WORKER'];
    const env = fs.readFileSync(file('env.txt'), 'utf8');
    expect(env).toContain('ATHENA_TASK_ID=7\n');
    expect(env).toContain('ATHENA_RUN=2\n');
    expect(env).toContain('ATHENA_BRANCH=claude/7-deploy\n');
    expect(env).not.toContain('not for runs');
  });

  test('a prompt that nobody reads harms nothing', async () => {
    const prompt = 'x'.repeat(4_000_000);
    const ended = await run('exec 0<&-; echo fine', { prompt }).ended;
    expect(ended.ending).toEqual({ kind: 'done', summary: 'fine' });
  });

  test.each([
    [0, { kind: 'done', summary: 'out' }],
    [75, { kind: 'overload', detail: 'sh says "not now": because' }],
    [1, { kind: 'failed', detail: 'sh ended with exit code 1: because' }],
    [137, { kind: 'failed', detail: 'sh ended with exit code 137: because' }],
  ])('exit code %i', async (code, ending) => {
    const ended = await run(`echo out; echo because >&2; exit ${code}`).ended;
    expect(ended).toEqual({
      ending,
      totals: expect.anything() as unknown,
      sessionId: null,
    });
  });

  test('killed by a signal is a crash', async () => {
    const ended = await run('kill -SEGV $$').ended;
    expect(ended.ending).toEqual({ kind: 'crashed', detail: 'sh was killed by SIGSEGV.' });
  });

  test.each([
    [['no-such-program-anywhere'], /no such program/],
    [[], /No command is set/],
    [['./plain-file'], /not executable/],
  ])('%j cannot be started: a fault of this machine', async (command, why) => {
    fs.writeFileSync(file('plain-file'), 'no program', { mode: 0o600 });
    const { ending } = await run(command).ended;
    expect(ending).toMatchObject({ kind: 'fault', fault: 'binary' });
    expect(ending).toHaveProperty('detail', expect.stringMatching(why));
  });

  test('the end of a long error is told, not its beginning', async () => {
    const { ending } = await run('seq 1 200000 >&2; exit 1').ended;
    const detail = 'detail' in ending ? ending.detail : '';
    expect(detail).toMatch(/\n200000$/);
    expect(detail.length).toBeLessThan(4_200);
  });

  test('text comes while it runs', async () => {
    run('echo first; while [ ! -e go ]; do sleep 0.05; done; echo second');
    await watcher.bell.waitFor(() => watcher.texts().includes('first'));
    fs.writeFileSync(file('go'), '');
    await running?.ended;
    expect(watcher.texts()).toEqual(['first', 'second']);
  });

  test('a process that left the group and holds the output open does not hold up the end', async () => {
    const script = `setsid sh -c 'echo $$ > pid; exec sleep 300' & while [ ! -s pid ]; do sleep 0.02; done; echo over`;
    const ended = await run(script).ended;
    process.kill(Number.parseInt(fs.readFileSync(file('pid'), 'utf8'), 10), 'SIGKILL');
    expect(ended.ending).toEqual({ kind: 'done', summary: 'over' });
  });

  test('two replies go along together, with the text and what was said before', async () => {
    const script = `cat > prompt.$ATHENA_RUN.$(ls prompt.* 2>/dev/null | wc -l); touch began
      while [ ! -e go ]; do sleep 0.05; done; echo "Port is 80."`;
    run(script);
    await until('it to begin', () => fs.existsSync(file('began')));
    running?.reply({ number: 1, text: 'Use 8080.', author: 'ada', now: false });
    running?.reply({ number: 2, text: 'And TLS.', author: 'bob', now: false });
    expect(watcher.taken).toEqual([]);
    fs.writeFileSync(file('go'), '');
    expect((await running?.ended)?.ending.kind).toBe('done');
    expect(watcher.taken).toEqual([1, 2]);
    expect(fs.readFileSync(file('prompt.2.1'), 'utf8')).toBe(
      'Deploy the monitoring stack.\n\nWhat was said at the end of the run before:\nPort is 80.\n\n' +
        'Reply from ada:\nUse 8080.\n\nReply from bob:\nAnd TLS.',
    );
  });

  test('a program that is started once more hears all replies of the run', async () => {
    const script = `cat > prompt.$(ls prompt.* 2>/dev/null | wc -l); touch began; while [ ! -e go ]; do sleep 0.02; done; rm go`;
    run(script, { replies: [1] });
    for (const [number, text] of [
      [2, 'Use 8080.'],
      [3, 'And TLS.'],
    ] as const) {
      await until('it to begin', () => fs.existsSync(file('began')));
      fs.rmSync(file('began'));
      running?.reply({ number, text, author: 'ada', now: false });
      fs.writeFileSync(file('go'), '');
    }
    await until('it to begin', () => fs.existsSync(file('began')));
    fs.writeFileSync(file('go'), '');
    await running?.ended;
    expect(watcher.taken).toEqual([1, 2, 3]);
    expect(fs.readFileSync(file('prompt.2'), 'utf8')).toBe(
      'Deploy the monitoring stack.\n\nReply from ada:\nUse 8080.\n\nReply from ada:\nAnd TLS.',
    );
  });

  test('replies in the prompt of a program that cannot be started are not taken in', async () => {
    await run(['no-such-program-anywhere'], { replies: [1] }).ended;
    expect(watcher.taken).toEqual([]);
  });

  test('a failure is told, and replies that wait are left for the next run', async () => {
    run('touch began; while [ ! -e go ]; do sleep 0.05; done; exit 1');
    await until('it to begin', () => fs.existsSync(file('began')));
    running?.reply({ number: 1, text: 'Use 8080.', author: 'ada', now: false });
    fs.writeFileSync(file('go'), '');
    expect((await running?.ended)?.ending.kind).toBe('failed');
    expect(watcher.taken).toEqual([]);
  });
});
