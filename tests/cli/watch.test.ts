import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/contract/run.ts';
import type { TaskView } from '../../src/contract/task.ts';
import { ClientError } from '../../cli/errors.ts';
import { widthOf } from '../../cli/width.ts';
import { createMachine, type Machine } from '../support/cli-run.ts';
import { refusal, startCliServer, type Answer, type CliServer } from '../support/cli-server.ts';
import { questionView, resultView, taskView } from '../support/cli-task.ts';

/** What each look at the task gives, the last one for ever; and all messages, those after the n-th poll later. */
interface Story {
  readonly tasks: Partial<TaskView>[];
  readonly messages: Partial<MessageView>[];
  /** So many messages are there at the first poll, second poll, ... */
  readonly known?: number[];
  readonly truncated?: boolean;
}

let server: CliServer;
let machine: Machine;
let story: Story;
let trouble: (() => Answer | undefined) | undefined;
let polls: URLSearchParams[];
beforeEach(async () => {
  polls = [];
  trouble = undefined;
  let looks = 0;
  server = await startCliServer(({ url }) => {
    const answered = trouble?.();
    if (answered !== undefined) return answered;
    if (url.startsWith('/api/questions'))
      return { json: { questions: [questionView(), questionView({ id: 13, task_id: 6 })] } };
    if (!url.includes('/messages')) {
      const task = story.tasks[Math.min(looks, story.tasks.length - 1)];
      looks += 1;
      return { json: { task: taskView(task) } };
    }
    const query = new URLSearchParams(url.split('?')[1]);
    polls.push(query);
    const known = story.known?.[polls.length - 1] ?? story.messages.length;
    const all = story.messages.slice(0, known).map((message, at) => messageView({ seq: at + 1, ...message }));
    const messages = all
      .filter(({ seq }) => seq > Number(query.get('after')))
      .slice(0, Number(query.get('limit')));
    return { json: { messages, truncated: story.truncated ?? false } };
  });
  machine = createMachine(server.url);
});
afterEach(async () => {
  machine.remove();
  await server.close();
});

function messageView(changes: Partial<MessageView>): MessageView {
  return { seq: 1, run: 1, kind: 'text', text: 'Hello', at: '2026-03-01T11:50:00.000Z', ...changes };
}

const running = { status: 'in_progress', instance_id: 'lab', instance_name: 'Homelab', attempt: 1 };
const completed = { status: 'completed', result: resultView() };

describe('watch', () => {
  it.each([
    ['completed', completed, 0, ''],
    [
      'failed',
      { status: 'failed', error: 'Tests are red.\nAll of them.' },
      1,
      '❌ Task #5 failed: Tests are red. ',
    ],
    ['cancelled', { status: 'cancelled' }, 5, '❌ Task #5 was cancelled. '],
  ])('ends with a task that is %s', async (_status, end, code, said) => {
    story = { tasks: [running, end], messages: [{ text: 'one' }, { kind: 'result', text: 'Over.' }] };
    const ran = await machine.run(['watch', '5']);
    expect(ran.code).toBe(code);
    expect(ran.stdout).toContain('one\n[result] Over.\n');
    expect(ran.stderr.split('\n').at(-2) ?? '').toContain(said);
  });

  it('goes on through a question, a retry and a follow-up, and asks for what it has not seen', async () => {
    story = {
      tasks: [
        running,
        { status: 'pending', waiting_for: { kind: 'answer', detail: 'May I run it?' } },
        { status: 'pending', error: 'lost' },
        { ...running, attempt: 2 },
        { status: 'pending' },
        completed,
      ],
      messages: [{ text: 'a' }, { kind: 'notice', text: 'b' }, { run: 2, text: 'c' }, { run: 3, text: 'd' }],
      known: [1, 1, 2, 2, 3, 3, 4],
    };
    const ran = await machine.run(['watch', '5']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^a\n\[notice\] b\nc\nd\n\n✅ Task #5 completed\n/);
    const notes = ran.stderr.split('\n');
    expect(notes).toEqual(
      expect.arrayContaining([
        '⏳ Waits for an answer: May I run it?',
        '📋 In the queue.',
        '🔄 in progress on Homelab, attempt 2 of 3',
      ]),
    );
    expect(new Set(polls.map((query) => query.get('after')))).toEqual(new Set(['0', '1', '2', '3', '4']));
    // It waits at the server while something may come, and not when nothing can.
    expect(polls[0]?.get('wait_seconds')).toBe('15');
    expect(polls.at(-1)?.get('wait_seconds')).toBe('0');
  });

  it('reads what came after the end was seen, before it ends', async () => {
    story = { tasks: [completed], messages: [{ text: 'a' }, { text: 'late' }], known: [1, 2, 2] };
    expect((await machine.run(['watch', '5'])).stdout).toMatch(/^a\nlate\n\n✅/);
  });

  it('reads a long story page by page, each message once', async () => {
    const messages = Array.from({ length: 200 }, (_, at) => ({ text: `line ${at}` }));
    story = { tasks: [completed], messages };
    const { stdout } = await machine.run(['watch', '5']);
    expect(stdout.match(/^line \d+$/gm)).toEqual(messages.map(({ text }) => text));
    expect(polls.map((query) => query.get('after'))).toEqual(['0', '80', '160', '200']);
  });

  it('begins where it is told to', async () => {
    story = { tasks: [completed], messages: [{ text: 'one' }, { text: 'two' }] };
    expect((await machine.run(['watch', '5', '--after', '1'])).stdout).toMatch(/^two\n/);
    expect((await machine.run(['watch', '5', '--after', 'x'])).code).toBe(2);
  });

  it('says that the beginning is not kept', async () => {
    story = { tasks: [completed], messages: [{ seq: 7, text: 'g' }], truncated: true };
    const { stderr } = await machine.run(['watch', '5']);
    expect(stderr.match(/not kept any more/g)).toHaveLength(1);
  });

  it('with --json gives one document at the end: task and all messages', async () => {
    story = {
      tasks: [running, completed],
      messages: [{ text: 'a' }, { kind: 'tool', text: 'b' }],
      known: [1, 2],
    };
    const ran = await machine.run(['watch', '5', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      task: { id: 5, status: 'completed' },
      messages: [
        { seq: 1, text: 'a' },
        { seq: 2, kind: 'tool' },
      ],
      truncated: false,
    });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    story = { tasks: [{ status: 'cancelled' }], messages: [] };
    const lost = await machine.run(['watch', '5', '--json']);
    expect([lost.code, (JSON.parse(lost.stdout) as { task: TaskView }).task.status]).toEqual([
      5,
      'cancelled',
    ]);
  });
});

describe('watch, when the server is away', () => {
  it('tries again for minutes, says so once, and repeats no message', async () => {
    story = { tasks: [running, completed], messages: [{ text: 'a' }, { text: 'b' }], known: [1, 2] };
    let calls = 0;
    trouble = () => {
      calls += 1;
      return calls > 2 && calls < 40 ? { raw: (response) => response.destroy() } : undefined;
    };
    const ran = await machine.run(['watch', '5']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^a\nb\n/);
    expect(ran.stderr.match(/connection is lost/g)).toHaveLength(1);
    expect(ran.stderr.match(/Connected again/g)).toHaveLength(1);
  });

  it('gives up with 6 after ten minutes, and at once if it never was there', async () => {
    story = { tasks: [running], messages: [] };
    let calls = 0;
    const down: Answer = { raw: (response) => response.destroy() };
    trouble = () => ((calls += 1) > 1 ? down : undefined);
    const ran = await machine.run(['watch', '5']);
    expect(ran.code).toBe(6);
    const waitedMs = ran.slept.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThan(9 * 60_000);
    expect(waitedMs).toBeLessThan(12 * 60_000);
    const never = await machine.run(['watch', '5']);
    expect(never.code).toBe(6);
    expect(never.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(20_000);
  });

  it('does not hammer one that answers at once with nothing', async () => {
    story = { tasks: [running, running, running, completed], messages: [] };
    const { slept } = await machine.run(['watch', '5']);
    expect(slept).toEqual([1000, 1000, 1000]);
  });

  it('ends when it may not look any more', async () => {
    story = { tasks: [running], messages: [] };
    let calls = 0;
    trouble = () => ((calls += 1) > 3 ? refusal(401, 'unauthenticated') : undefined);
    expect((await machine.run(['watch', '5'])).code).toBe(4);
  });

  it('stops at once on Ctrl-C', async () => {
    story = { tasks: [running], messages: [] };
    const control = new AbortController();
    trouble = () => (server.seen.length > 1 ? { raw: () => {} } : undefined);
    const watching = machine.run(['watch', '5'], { signal: control.signal });
    while (server.seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    control.abort(new ClientError('interrupted', 'Interrupted.'));
    expect((await watching).code).toBe(130);
  });
});

describe('watch on a terminal', () => {
  const colourless = (text: string) => text.replace(/\u001b\[\d+m/g, '');

  it('shows runs, tools and questions, and how it ended', async () => {
    const output = Array.from({ length: 12 }, (_, at) => `out ${at}`).join('\n');
    story = {
      tasks: [running, completed],
      messages: [
        { text: `A long sentence ${'with many words '.repeat(8)}` },
        { kind: 'tool', text: `Bash: npm test · exit 1 · 3.2 s\n${output}` },
        { kind: 'question', text: 'May I run it?\nBash: rm -rf build' },
        { run: 2, text: '```\n' + 'x'.repeat(80) + '\n```' },
      ],
    };
    const ran = await machine.run(['watch', '5'], { columns: 60 });
    const lines = colourless(ran.stdout).split('\n');
    expect(lines.filter((line) => line.startsWith('── run'))).toHaveLength(2);
    expect(lines).toEqual(
      expect.arrayContaining([
        '⚙ Bash: npm test · exit 1 · 3.2 s',
        '  │ out 6',
        '  │ … 5 more lines',
        '❓ May I run it?',
        '   1) Allow once',
        '   ↳ claude-task-client answer 12 NUMBER',
        'x'.repeat(80),
        '   Branch   claude/5-deploy (3 files, +20 -4)',
        '   Used     $0.42, 123k tokens, 7 turns, 1 min 35 s',
        '   Next     claude-task-client checkout 5',
      ]),
    );
    // A question of another task is not told here.
    expect(ran.stdout).not.toContain('answer 13');
    for (const line of lines.filter((each) => !each.startsWith('xx')))
      expect(widthOf(line)).toBeLessThanOrEqual(60);
  });
});
