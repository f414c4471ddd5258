/** Questions of a run: held open, over a restart of the server, and answered when nobody waits any more. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, bash, say, use } from '../support/messages-api/replies.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

const ASKS = ['permissions: ask', 'allow: ["Bash(ls:*)"]'];
let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

const isCompleted = ({ status }: { status: string }) => status === 'completed';
const add = (description: string) => stage.server().api.add(description, { project: 'notes' });
const waitsForAnswer = ({ waiting_for: waits }: { waiting_for: { kind: string } | null }) =>
  waits?.kind === 'answer';

describe.skipIf(IS_MISSING)('a question that is held open', () => {
  it('outlives a restart of the server, and its answer lets the run go on', async () => {
    stage.model.script(
      { when: /Make it/, then: bash('touch made.txt') },
      { when: /./, then: say('Made it.') },
    );
    await add('Make it');
    const lab = stage.worker('lab', { project: ASKS });
    lab.start();
    const question = await stage.openQuestion(/touch made\.txt/);
    expect((await stage.task(1)).status).toBe('in_progress');

    await stage.restartServer();
    expect((await stage.task(1)).status).toBe('in_progress');
    const answered = await lab.client('answer', String(question.id), 'allow_once');

    expect(answered).toMatchObject({ code: 0 });
    const { attempt, result } = await stage.untilTask(1, isCompleted);
    expect(attempt).toBe(1);
    expect(result).toMatchObject({ outcome: 'done', files_changed: 1, turns: 2 });
    const messages = await stage.messages(1);
    expect(new Set(messages.map(({ run }) => run))).toEqual(new Set([1]));
    expect(messages.filter(({ kind }) => kind === 'question')).toHaveLength(1);
    expect(stage.model.requests).toHaveLength(2);
  });

  it('is refused, and the reason reaches the model', async () => {
    stage.model.script(
      { when: /Make it/, then: bash('touch made.txt') },
      { when: /not today/, then: say('Then not.') },
    );
    await add('Make it');
    stage.worker('lab', { project: ASKS }).start();
    const { id } = await stage.openQuestion(/touch made\.txt/);
    await stage.answer(id, { option: 'deny', text: 'not today' });

    const { result } = await stage.untilTask(1, isCompleted);
    expect(result).toMatchObject({ outcome: 'no_changes', summary: 'Then not.' });
  });

  it('is left behind by a reply that interrupts, and does not park the task later', async () => {
    stage.model.script(
      { when: /Leave it/, then: say('Left it.') },
      { when: /Make it/, then: bash('touch made.txt') },
      { when: /./, then: say('Made it.') },
    );
    await add('Make it');
    stage.worker('lab', { project: ASKS }).start();
    await stage.openQuestion(/touch made\.txt/);
    await stage.server().send('POST', '/api/tasks/1/reply', { body: { text: 'Leave it', now: true } });

    const { result } = await stage.untilTask(1, isCompleted);
    expect(result).toMatchObject({ outcome: 'no_changes', summary: 'Left it.' });
    expect(await stage.questions()).toEqual([]);
  });

  it('is answered for the whole task: a later run may do it without asking', async () => {
    stage.model.script(
      { when: /Make it|Once more/, then: bash('touch made.txt') },
      { when: /./, then: say('Made it.') },
    );
    await add('Make it');
    stage.worker('lab', { project: ASKS }).start();
    const { id } = await stage.openQuestion(/touch made\.txt/);
    await stage.answer(id, { option: 'allow_task' });
    await stage.untilTask(1, isCompleted);
    await stage.reply(1, 'Once more');

    await stage.untilTask(1, (task) => isCompleted(task) && stage.model.requests.length === 4);
    expect((await stage.messages(1)).filter(({ kind }) => kind === 'question')).toHaveLength(1);
  });
});

describe.skipIf(IS_MISSING)('a question that nobody answers in time', () => {
  it('parks its task; the next task is taken; the answer lets another worker go on, and allows the call once', async () => {
    stage.model.script(
      { when: /The answer of .*Allow once/s, then: bash('touch made.txt') },
      { when: /Make it/, then: bash('touch made.txt') },
      { when: /Once more/, then: bash('touch made.txt', { description: 'Again' }) },
      { when: /Look at it/, then: say('Looked.') },
      { when: ({ all }) => !all.includes('Once more'), then: say('Made it.') },
      { when: /./, then: say('Not again.') },
    );
    await add('Make it');
    await add('Look at it');
    const first = stage.worker('first', { project: ASKS, file: ['hold_minutes: 0.01', 'concurrency: 1'] });
    const worker = first.start();

    const parked = await stage.untilTask(1, (task) => task.status === 'pending' && waitsForAnswer(task));
    expect(parked).toMatchObject({ attempt: 0, result: { outcome: 'parked', turns: 1 } });
    await stage.untilTask(2, isCompleted);
    expect(await stage.task(1)).toMatchObject({ status: 'pending', instance_id: null });
    worker.signal('SIGTERM');
    expect(await worker.ended).toMatchObject({ code: 0 });

    const { id } = await stage.openQuestion(/touch made\.txt/);
    await stage.answer(id, { option: 'allow_once' });
    expect((await stage.task(1)).waiting_for?.kind).not.toBe('answer');
    const second = stage.worker('second', { project: ASKS, file: ['hold_minutes: 0.01'] });
    expect(await second.once()).toMatchObject({ code: 0 });

    const { status, result } = await stage.task(1);
    expect(status).toBe('completed');
    expect(result).toMatchObject({ outcome: 'done', summary: 'Made it.', files_changed: 1 });
    expect(result?.session_id).toBe(parked.result?.session_id);
    expect(await stage.questions()).toEqual([]);

    // It was allowed once: a later run asks again.
    await stage.reply(1, 'Once more');
    expect(await second.once()).toMatchObject({ code: 0 });
    expect(await stage.task(1)).toMatchObject({ status: 'pending' });
    expect(await stage.questions()).toMatchObject([
      { title: expect.stringContaining('touch made.txt') as string },
    ]);
  });

  it('about a file is allowed for the run that goes on, in a folder of its own', async () => {
    const write = ({ all }: { all: string }) => {
      const [folder = ''] = [...all.matchAll(/working directory: ([^ \\]+)/g)]
        .map(([, there]) => there)
        .slice(-1);
      return use('Write', { file_path: `${folder}/made.txt`, content: 'made' });
    };
    stage.model.script(
      { when: /The answer of .*Allow once|Make it/s, then: write },
      { when: /./, then: say('Made it.') },
    );
    await add('Make it');
    expect(await stage.worker('first', { project: ASKS }).once()).toMatchObject({ code: 0 });
    const { id } = await stage.openQuestion(/made\.txt/);
    await stage.answer(id, { option: 'allow_once' });
    expect(await stage.worker('second', { project: ASKS }).once()).toMatchObject({ code: 0 });

    expect(await stage.questions()).toEqual([]);
    expect((await stage.task(1)).status).toBe('completed');
    expect(stage.show('claude/1-make-it', 'made.txt')).toBe('made');
  });

  it('loses neither of two calls in one answer of the model', async () => {
    const both = answer([
      { type: 'tool_use', name: 'Bash', input: { command: 'touch one.txt', description: 'a' } },
      { type: 'tool_use', name: 'Bash', input: { command: 'touch two.txt', description: 'b' } },
    ]);
    stage.model.script(
      { when: /The answer of/, then: both },
      { when: /Make both/, then: both },
      { when: /./, then: say('Made both.') },
    );
    await add('Make both');
    expect(await stage.worker('first', { project: ASKS }).once()).toMatchObject({ code: 0 });
    expect(await stage.task(1)).toMatchObject({ status: 'pending', attempt: 0 });

    const answered = new Set<number>();
    const allowAll = async () => {
      for (const { id } of await stage.questions()) {
        answered.add(id);
        await stage.answer(id, { option: 'allow_once' });
      }
    };
    expect(await stage.questions()).not.toEqual([]);
    await allowAll();
    // What was not asked yet is asked by the run that goes on.
    stage.worker('second', { project: ASKS }).start();
    await stage.until('both to be made', async () => {
      await allowAll();
      return isCompleted(await stage.task(1));
    });

    const branch = 'claude/1-make-both';
    expect(stage.show(branch, 'one.txt')).toBe('');
    expect(stage.show(branch, 'two.txt')).toBe('');
    expect(answered.size).toBe(2);
  });

  it('of a subagent ends the whole run, and not the subagent alone', async () => {
    const delegate = { description: 'do it', prompt: 'SUBWORK now', subagent_type: 'general-purpose' };
    stage.model.script(
      { when: /The answer of/, then: say('Went on.') },
      { when: ({ last }) => /Delegate/.test(last), then: use('Agent', delegate) },
      { when: /SUBWORK/, then: bash('touch sub.txt') },
      { when: /./, then: say('Done without it.') },
    );
    await add('Delegate');
    const lab = stage.worker('lab', { project: ASKS, file: ['hold_minutes: 0.01'] });
    lab.start();

    const parked = await stage.untilTask(1, (task) => task.status === 'pending' && waitsForAnswer(task));
    expect(parked).toMatchObject({ attempt: 0, instance_id: null, result: { outcome: 'parked' } });
    expect(stage.model.requests).toHaveLength(2);
    const { id } = await stage.openQuestion(/touch sub\.txt/);
    await stage.answer(id, { option: 'allow_once' });

    const { result } = await stage.untilTask(1, isCompleted);
    expect(result).toMatchObject({ summary: 'Went on.', session_id: parked.result?.session_id });
    const texts = (await stage.messages(1)).map(({ text }) => text).join('\n');
    expect(texts).not.toMatch(/Done without it|doesn't want to proceed|403/);
  });

  it('does not wait with --once: the task is parked at once', async () => {
    stage.model.script({ when: /./, then: bash('touch made.txt') });
    await add('Make it');

    const ran = await stage.worker('lab', { project: ASKS }).once();

    expect(ran).toMatchObject({ code: 0 });
    expect(await stage.task(1)).toMatchObject({ status: 'pending', waiting_for: { kind: 'answer' } });
    expect(stage.model.requests).toHaveLength(1);
  });
});
