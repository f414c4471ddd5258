/** How a run of Claude ends, cause by cause, and what that makes of its task. Faults of a machine: `story-faults`. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, bash, refuse, say } from '../support/messages-api/replies.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

const BRANCH = 'claude/1-count-up';
let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

const add = (more: object = {}) => stage.server().api.add('Count up', { project: 'notes', ...more });
const minutesFromNow = (time: string | null) => (Date.parse(time ?? '') - Date.now()) / 60_000;

describe.skipIf(IS_MISSING)('a budget that is used up', () => {
  beforeEach(async () => {
    stage.model.script(
      { when: ({ number }) => number < 4, then: bash('echo one more >> count.txt; wc -l count.txt') },
      { when: /./, then: say('Counted.') },
    );
    await add({ max_turns: 2 });
    expect(await stage.worker('first').once()).toMatchObject({ code: 0 });
  });

  const decide = async (option: string) => {
    const { id } = await stage.openQuestion(/budget of 2 turns/);
    await stage.answer(id, { option });
  };

  it('parks the task with a choice, and uses up no attempt', async () => {
    expect(await stage.task(1)).toMatchObject({
      ...{ status: 'pending', attempt: 0, waiting_for: { kind: 'budget' } },
      result: { outcome: 'parked', turns: 2 },
    });
    const { kind, options } = await stage.openQuestion(/budget of 2 turns/);
    expect(kind).toBe('choice');
    expect(options.map(({ id }) => id)).toEqual(['more', 'finish', 'stop']);
    expect((await stage.worker('second').once()).stdout).toBe('No task to do.\n');
  });

  it('is granted again: another worker goes on with the session and with the work', async () => {
    const { session_id } = (await stage.task(1)).result!;
    await decide('more');

    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });

    const { status, attempt, result } = await stage.task(1);
    expect({ status, attempt }).toEqual({ status: 'completed', attempt: 1 });
    expect(result).toMatchObject({ outcome: 'done', summary: 'Counted.', session_id, turns: 4 });
    expect(stage.show(BRANCH, 'count.txt').split('\n')).toHaveLength(3);
    expect(stage.branches()).toEqual([`refs/heads/${BRANCH}`]);
  });

  it('is enough: what is there is delivered, and the model is asked nothing more', async () => {
    await decide('finish');

    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });

    const { status, result } = await stage.task(1);
    expect(status).toBe('completed');
    expect(result).toMatchObject({ outcome: 'budget', branch: BRANCH, turns: 2, files_changed: 1 });
    expect(stage.show(BRANCH, 'count.txt').split('\n')).toHaveLength(2);
    expect(stage.model.requests).toHaveLength(2);
  });

  it('ends the task: cancelled at once, and its work is kept', async () => {
    await decide('stop');

    const { status, result } = await stage.task(1);
    expect(status).toBe('cancelled');
    expect(result).toMatchObject({ outcome: 'cancelled', turns: 2, branch: BRANCH, files_changed: 1 });
    expect(stage.branches()).toEqual([`refs/heads/${BRANCH}`]);
    expect(stage.show(BRANCH, 'count.txt').split('\n')).toHaveLength(2);
    expect((await stage.worker('second').once()).stdout).toBe('No task to do.\n');
  });
});

describe.skipIf(IS_MISSING)('a run that does not get to its end', () => {
  it('waits for an overloaded model, then gives the task back for a while, without an attempt', async () => {
    stage.model.script(
      { when: ({ number }) => number === 1, then: bash('echo one > count.txt; echo counted') },
      { when: ({ number }) => number === 2, then: refuse(529, 'Overloaded', { 'retry-after': '3' }) },
      { when: /./, then: refuse(529, 'Overloaded', { 'x-should-retry': 'false' }) },
    );
    await add();

    expect(await stage.worker('lab').once()).toMatchObject({ code: 0 });

    const { status, attempt, not_before, result } = await stage.task(1);
    expect({ status, attempt, outcome: result?.outcome }).toEqual({
      ...{ status: 'pending', attempt: 0, outcome: 'failed' },
    });
    expect(minutesFromNow(not_before)).toBeGreaterThan(0);
    expect(minutesFromNow(not_before)).toBeLessThanOrEqual(15);
    const texts = (await stage.messages(1)).map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringMatching(/^The model is overloaded \(529\): trying again in/));
    expect(texts.at(-1)).toMatch(/^Run 1 was given back\..*Overloaded/);
    // What it had done is safe.
    expect(stage.show('refs/athena/1/1', 'count.txt')).toBe('one');
    expect((await stage.instance('lab'))?.problem).toBeNull();
  });

  it('meets an overloaded model five times in a row: then it has used up an attempt', async () => {
    stage.model.script({ when: /./, then: refuse(529, 'Overloaded', { 'x-should-retry': 'false' }) });
    await add();
    const attempts: number[] = [];
    for (let time = 1; time <= 5; time += 1) {
      expect(await stage.worker(`lab-${time}`).once()).toMatchObject({ code: 0 });
      const { status, attempt } = await stage.task(1);
      expect(status).toBe('pending');
      attempts.push(attempt);
      await stage.letDelayPass(1);
      await stage.untilTask(1, ({ not_before: until }) => until === null);
    }
    expect(attempts).toEqual([0, 0, 0, 0, 1]);
    expect((await stage.task(1)).error).toMatch(/overloaded/i);
  });

  it('failed: it is tried again after a while, is told why, and finds what was there', async () => {
    let isBroken = true;
    stage.model.script(
      {
        when: /The attempt before this one failed|Go on where/,
        then: bash('cat count.txt; echo two >> count.txt'),
      },
      { when: /Count up/, then: bash('echo one > count.txt; echo counted') },
      { when: () => isBroken, then: refuse(400, 'messages: too odd') },
      { when: /./, then: say('Counted.') },
    );
    await add();
    stage.worker('lab').start();

    const failed = await stage.untilTask(
      1,
      ({ status, attempt, error }) => status === 'pending' && attempt === 1 && error !== null,
    );
    isBroken = false;
    expect(failed.error).toContain('too odd');
    expect(failed.not_before).not.toBeNull();

    const done = await stage.untilTask(1, ({ status }) => status === 'completed');
    expect(done).toMatchObject({ attempt: 2, result: { outcome: 'done', summary: 'Counted.' } });
    expect(stage.show(BRANCH, 'count.txt')).toBe('one\ntwo');
    expect(await stage.server().api.actions(1)).toEqual(
      expect.arrayContaining(['created', 'claimed', 'retried', 'claimed', 'completed']),
    );
  });

  it('comes to the turns of one run, with budget left: failed for good, and its work is on the branch', async () => {
    stage.model.script({ when: /./, then: bash('echo one more >> count.txt; wc -l count.txt') });
    await add({ max_turns: 50 });

    const ran = await stage.worker('lab', { project: ['max_turns_per_run: 3'] }).once();

    expect(ran).toMatchObject({ code: 1 });
    const { status, attempt, error, waiting_for, result } = await stage.task(1);
    expect({ status, attempt, waiting_for }).toEqual({ status: 'failed', attempt: 1, waiting_for: null });
    expect(error).toContain('max_turns_per_run');
    expect(result).toMatchObject({ outcome: 'failed', turns: 3, branch: BRANCH });
    expect(stage.model.requests).toHaveLength(3);
    expect(stage.show(BRANCH, 'count.txt').split('\n')).toHaveLength(3);
    expect(await stage.questions()).toEqual([]);
  });

  it('has a setup that fails: the model is not asked, and the error shows what it said', async () => {
    await add();

    const lab = stage.worker('lab', { project: ['setup: "echo no compiler here >&2; exit 7"'] });
    const ran = await lab.once();

    expect(ran).toMatchObject({ code: 1 });
    const { status, attempt, error } = await stage.task(1);
    expect({ status, attempt }).toEqual({ status: 'pending', attempt: 1 });
    expect(error).toMatch(/exit code 7.*no compiler here/s);
    expect(stage.model.requests).toHaveLength(0);
  });

  it('is refused by the model: the task has failed for good, and its work is on the branch', async () => {
    stage.model.script(
      { when: /Count up/, then: bash('echo one > count.txt; echo counted') },
      {
        when: /./,
        then: answer([{ type: 'text', text: 'I cannot help with that.' }], { stopReason: 'refusal' }),
      },
    );
    await add();

    expect(await stage.worker('lab').once()).toMatchObject({ code: 1 });

    const { status, attempt, error, result } = await stage.task(1);
    expect({ status, attempt }).toEqual({ status: 'failed', attempt: 1 });
    expect(error).not.toBe('');
    expect(result).toMatchObject({ outcome: 'failed', branch: BRANCH });
    expect(result?.summary).toContain('unfinished');
    expect(stage.show(BRANCH, 'count.txt')).toBe('one');
  });
});
