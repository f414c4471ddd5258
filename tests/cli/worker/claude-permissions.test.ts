import { describe, expect, it } from 'vitest';
import { createPermissions } from '../../../cli/worker/claude-permissions.ts';
import type { Answered, Brief, Decided, Question } from '../../../cli/worker/executor.ts';
import { createQuestions } from '../../../cli/worker/run-questions.ts';
import { createManualClock } from '../../support/worker/run-clock.ts';
import { projectSettings } from '../../support/worker/run-world.ts';

const ONCE: Answered = { option: 'allow_once', text: null, by: 'ada' };

function runIn(
  root: string,
  decided: readonly Decided[] = [],
  answer: Answered | null | Promise<Answered | null> | ((key: string) => Answered | null) = null,
) {
  const turn = new AbortController();
  const questions: Question[] = [];
  const heard: string[] = [];
  const left: (AbortSignal | undefined)[] = [];
  let parked = 0;
  let isEnding = false;
  const folders = {
    tree: `${root}/tree`,
    home: `${root}/home`,
    temp: `${root}/temp`,
    config: `${root}/config`,
  };
  const brief = { folders, decided, project: projectSettings() } as unknown as Brief;
  const ask = createPermissions(brief, {
    watcher: {
      ask: (question, leaving) => {
        questions.push(question);
        left.push(leaving);
        return Promise.resolve(typeof answer === 'function' ? answer(question.key) : answer);
      },
      heard: (keys) => {
        heard.push(...keys);
      },
    },
    pause() {},
    resume() {},
    park: () => {
      parked += 1;
    },
    isEnding: () => isEnding,
  });
  return {
    ...{ questions, heard, left, turn, parked: () => parked },
    end: () => {
      isEnding = true;
    },
    ask: (tool: string, input: Readonly<Record<string, unknown>>) =>
      ask(tool, input, { toolUseID: 'use-1', signal: turn.signal }),
  };
}

describe('a call that people have answered while nobody ran', () => {
  it.each([
    ['Write', (root: string) => ({ file_path: `${root}/tree/a.txt`, content: 'x' })],
    ['Bash', (root: string) => ({ command: `cd ${root}/tree && TMPDIR=${root}/temp make "${root}/home/x"` })],
  ])('is found again by a run in another folder: %s', async (tool, inputIn) => {
    const first = runIn('/var/athena/runs/5-1');
    await first.ask(tool, inputIn('/var/athena/runs/5-1'));
    expect(first.parked()).toBe(1);
    const call = JSON.parse(JSON.stringify(first.questions[0]?.call)) as Decided;
    const later = runIn('/home/bob/w/runs/5-12', [{ ...call, allowed: true }]);
    const input = inputIn('/home/bob/w/runs/5-12');
    expect(await later.ask(tool, input)).toEqual({ behavior: 'allow', updatedInput: input });
    expect(later.questions).toEqual([]);
    // Once.
    await later.ask(tool, input);
    expect(later.questions).toHaveLength(1);
  });

  it('is another one where it is about a folder of somebody else', async () => {
    const first = runIn('/var/athena/runs/5-1');
    await first.ask('Write', { file_path: '/var/athena/runs/5-1/tree/a', content: '' });
    const call = first.questions[0]?.call as Decided;
    const later = runIn('/var/athena/runs/5-2', [{ ...call, allowed: true }]);
    await later.ask('Write', { file_path: '/var/athena/runs/5-1/tree/a', content: '' });
    await later.ask('Write', { file_path: '/var/athena/runs/5-20/tree/a', content: '' });
    expect(later.questions).toHaveLength(2);
  });
});

describe('a question for permission', () => {
  async function asked(tool: string, input: Readonly<Record<string, unknown>>) {
    const run = runIn('/r', [], ONCE);
    await run.ask(tool, input);
    const sent: Parameters<Parameters<typeof createQuestions>[0]['post']>[0][] = [];
    const questions = createQuestions({
      clock: createManualClock(),
      holdMs: 0,
      redact: (text) => text,
      changed() {},
      post: (body) => {
        sent.push(body);
        return new Promise(() => {});
      },
    });
    for (const question of run.questions) void questions.ask(question);
    return sent[0];
  }

  it('shows a command whole', async () => {
    const command = `echo ${'x'.repeat(1_900)} rm -rf / ${'y'.repeat(1_900)}`;
    const body = await asked('Bash', { command });
    expect(body?.detail).toBe(command);
    expect(body?.options).toHaveLength(2);
  });

  it('offers nothing but to deny what cannot be shown whole', async () => {
    const body = await asked('Bash', { command: `echo ${'x'.repeat(2_000)} rm -rf / ${'y'.repeat(2_000)}` });
    expect(body?.detail).toMatch(/^This is too long to be shown whole/);
    expect(body?.detail.length).toBeLessThanOrEqual(4_000);
    expect(body).toMatchObject({ options: [{ id: 'deny' }], rule: null });
  });

  it('shows the beginning and the end of a long file, which can be seen in the branch', async () => {
    const body = await asked('Write', { file_path: '/r/tree/a', content: 'x'.repeat(9_000) });
    expect(body?.options).toHaveLength(2);
    expect(body?.detail).toContain('characters left out');
  });
});

describe('a turn that is interrupted while its question is open', () => {
  it('leaves the question behind, and does not park', async () => {
    let settle: (answer: null) => void = () => {};
    const run = runIn('/r', [], new Promise((resolve) => (settle = resolve)));
    const asked = run.ask('Bash', { command: 'make' });
    run.turn.abort();
    expect(run.left.map((signal) => signal?.aborted)).toEqual([true]);
    settle(null);
    expect(await asked).toEqual({ behavior: 'deny', message: 'Interrupted before somebody answered.' });
    expect(run.parked()).toBe(0);
  });
  it('keeps the question open for the next run where this one is at its end', async () => {
    let settle: (answer: null) => void = () => {};
    const run = runIn('/r', [], new Promise((resolve) => (settle = resolve)));
    const asked = run.ask('Bash', { command: 'make' });
    run.end();
    run.turn.abort();
    expect(run.left.map((signal) => signal?.aborted)).toEqual([false]);
    settle(null);
    expect(await asked).toMatchObject({ behavior: 'deny', interrupt: true });
    expect(run.parked()).toBe(1);
  });
});

describe('several questions in one call', () => {
  const option = (label: string) => ({ label, description: '' });
  const CHOICES = {
    questions: [
      {
        ...{ question: 'Which colour?', header: 'Colour', multiSelect: false },
        options: [option('Red'), option('Blue')],
      },
      {
        ...{ question: 'Which size?', header: 'Size', multiSelect: false },
        options: [option('Small'), option('Large')],
      },
    ],
  };
  const blue: Answered = { option: '2', text: 'but darker', by: 'ada' };

  it('are heard when the call is answered, with the choice and what was written to it', async () => {
    const run = runIn('/r', [], blue);
    expect(await run.ask('AskUserQuestion', CHOICES)).toMatchObject({
      behavior: 'allow',
      updatedInput: {
        answers: { 'Which colour?': 'Blue: but darker', 'Which size?': 'Large: but darker' },
      },
    });
    expect(run.heard).toEqual(run.questions.map(({ key }) => key));
  });

  it('of which the last is not answered are not heard: the next run is told what the others said', async () => {
    let asked = 0;
    const run = runIn('/r', [], () => (asked++ === 0 ? blue : null));
    expect(await run.ask('AskUserQuestion', CHOICES)).toMatchObject({ behavior: 'deny', interrupt: true });
    expect(run.parked()).toBe(1);
    expect(run.heard).toEqual([]);
  });

  it('of which the last is left behind: the model is told the others', async () => {
    let asked = 0;
    const run = runIn('/r', [], () => {
      if (asked++ === 0) return blue;
      run.turn.abort();
      return null;
    });
    const told = await run.ask('AskUserQuestion', CHOICES);
    expect(told).toMatchObject({
      message: expect.stringContaining('Which colour?: Blue: but darker') as string,
    });
    expect(run.heard).toEqual([run.questions[0]?.key]);
  });
});
