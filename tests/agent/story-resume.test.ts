/** One session over several machines: follow-ups, and what happens when its transcript is gone. */
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git } from '../support/git-server.ts';
import { bash, refuse, say } from '../support/messages-api/replies.ts';
import { openStage, trailersOf, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

const BRANCH = 'claude/1-write-the-first-note';
let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
  stage.model.script(
    { when: /Write the second note/, then: bash('cat one.txt; echo two > two.txt; ls') },
    { when: /Write the first note/, then: bash('echo one > one.txt; ls') },
    { when: /two\.txt/, then: say('The second is there.') },
    { when: /one\.txt/, then: say('The first is there.') },
  );
});

afterEach(() => stage.close());

const isCompleted = ({ status }: { status: string }) => status === 'completed';

async function firstRun(...replies: string[]): Promise<void> {
  await stage.server().api.add('Write the first note', { project: 'notes' });
  for (const text of replies) await stage.reply(1, text);
  expect(await stage.worker('first').once()).toMatchObject({ code: 0 });
  await stage.untilTask(1, isCompleted);
}

describe.skipIf(IS_MISSING)('a follow-up', () => {
  it('is done by another machine, in the same session and on the same branch', async () => {
    await firstRun();
    const before = (await stage.task(1)).result;
    const tip = git(stage.bare, 'rev-parse', BRANCH);
    const asked = stage.model.requests.length;
    const second = stage.worker('second');
    const replied = await second.client('reply', '1', 'Write the second note');
    expect(replied).toMatchObject({ code: 0 });
    expect(await stage.server().api.actions(1)).toContain('requeued');

    expect(await second.once()).toMatchObject({ code: 0 });

    const { status, result, attempt } = await stage.task(1);
    expect(status).toBe('completed');
    expect(attempt).toBe(1);
    expect(result).toMatchObject({ outcome: 'done', summary: 'The second is there.', branch: BRANCH });
    expect(result?.session_id).toBe(before?.session_id);
    // The sums of both runs.
    expect(result).toMatchObject({ turns: 4, input_tokens: 400, output_tokens: 80 });
    const [request] = stage.model.requests.slice(asked);
    expect(request?.all).toContain('Write the first note');
    expect(request?.all).toContain('The first is there.');
    expect(git(stage.bare, 'rev-parse', `${BRANCH}~1`)).toBe(tip);
    expect(trailersOf(stage.bare, BRANCH)).toMatchObject({ 'Athena-Session': before?.session_id });
    expect(stage.branches()).toEqual([`refs/heads/${BRANCH}`]);
    const messages = await stage.messages(1);
    expect(messages.map(({ run, kind }) => `${String(run)} ${kind}`)).toEqual([
      ...['1 tool', '1 text', '1 result'],
      'null notice',
      ...['2 tool', '2 text', '2 result'],
    ]);
    expect(await stage.transcript(1)).toContain('The second is there.');
  });

  it('hears its reply although the claim that brought it came to nothing', async () => {
    await firstRun();
    const failing = stage.worker('failing', { project: ['setup: exit 1'] });
    await stage.reply(1, 'Write the second note');
    await failing.once();
    await stage.server().send('POST', '/api/tasks/1/cancel', { body: {} });
    await stage.reply(1, 'And be quick');

    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });

    expect((await stage.task(1)).result).toMatchObject({ outcome: 'done', summary: 'The second is there.' });
    const told = stage.model.requests.filter(({ last }) => last.includes('And be quick'));
    expect(told[0]?.last).toContain('Write the second note');
  });

  it('begins afresh and says so where the transcript is gone', async () => {
    await firstRun('In small letters');
    const before = (await stage.task(1)).result;
    const asked = stage.model.requests.length;
    removeTranscripts(stage.folder);
    await stage.reply(1, 'Write the second note');

    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });

    const { result } = await stage.task(1);
    expect(result).toMatchObject({ outcome: 'done', branch: BRANCH });
    expect(result?.session_id).not.toBe(before?.session_id);
    const [request] = stage.model.requests.slice(asked);
    expect(request?.last).toContain('Write the first note');
    // What was said before, the new session has not heard.
    expect(request?.last).toMatch(
      /Reply from .+:\nIn small letters\n\nReply from .+:\nWrite the second note/,
    );
    expect(request?.last).toContain('What the run before this one said at its end:\nThe first is there.');
    const notices = (await stage.messages(1)).filter(({ kind }) => kind === 'notice').map(({ text }) => text);
    expect(notices).toContainEqual(expect.stringContaining('A new session begins'));
    expect(stage.show(BRANCH, 'one.txt')).toBe('one');
    expect(stage.show(BRANCH, 'two.txt')).toBe('two');
  });

  it.each([
    ['holds nothing', ''],
    ['is no transcript', 'null\n[]\n{"type":"user"}\n{{{\n'],
  ])('begins afresh in the same run where what was kept %s', async (_what, text) => {
    await firstRun();
    changeTranscripts(stage.folder, (file) => {
      fs.writeFileSync(file, gzipSync(text));
    });
    await stage.reply(1, 'Write the second note');

    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });

    expect((await stage.task(1)).result).toMatchObject({ outcome: 'done', summary: 'The second is there.' });
    const notices = (await stage.messages(1)).map(({ text: said }) => said);
    expect(notices).toContainEqual(expect.stringContaining('A new session begins'));
  });

  it('begins afresh with the next attempt where the session has become too long for the model', async () => {
    await firstRun();
    const before = (await stage.task(1)).result?.session_id;
    stage.model.script(
      {
        when: ({ all, last }) => all.includes('The first is there.') && !last.includes('What the run before'),
        then: refuse(400, 'prompt is too long: 410000 tokens > 200000 maximum'),
      },
      { when: /Write the second note/, then: say('Begun anew.') },
    );
    await stage.reply(1, 'Write the second note');
    const second = stage.worker('second');
    expect(await second.once()).toMatchObject({ code: 1 });
    const { status, error } = await stage.task(1);
    expect({ status, error }).toEqual({
      status: 'pending',
      error: expect.stringContaining('prompt is too long') as string,
    });
    await stage.letDelayPass(1);
    await stage.untilTask(1, ({ not_before: until }) => until === null);
    expect(await second.once()).toMatchObject({ code: 0 });

    const { result } = await stage.task(1);
    expect(result).toMatchObject({ summary: 'Begun anew.' });
    expect(result?.session_id).not.toBe(before);
  });
});

describe.skipIf(IS_MISSING)('a reply', () => {
  it('reaches a run that goes on at its next tool boundary', async () => {
    const begun = path.join(stage.folder, 'begun');
    stage.model.script(
      { when: /in capitals/, then: bash('echo ONE > one.txt; echo rewritten') },
      { when: /rewritten/, then: say('It is there.') },
      { when: /Write the first note/, then: bash(`echo one > one.txt; touch ${begun}; echo tick`) },
      { when: /tick/, then: bash('sleep 0.2; echo tick') },
    );
    await stage.server().api.add('Write the first note', { project: 'notes' });
    const once = stage.worker('first').start('--once');
    await stage.until('the command', () => Promise.resolve(fs.existsSync(begun)));

    expect(await stage.reply(1, 'Write it in capitals')).toMatchObject({ delivery: 'now' });

    expect(await once.ended).toMatchObject({ code: 0 });
    expect((await stage.task(1)).result).toMatchObject({ outcome: 'done' });
    expect(stage.show(BRANCH, 'one.txt')).toBe('ONE');
    expect((await stage.task(1)).status).toBe('completed');
  });
});

function removeTranscripts(folder: string): void {
  changeTranscripts(folder, (file) => {
    fs.rmSync(file);
  });
}

function changeTranscripts(folder: string, change: (file: string) => void): void {
  const all = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const found = all.filter(
    (name) => /transcript/i.test(name) && fs.statSync(path.join(folder, name)).isFile(),
  );
  expect(found).not.toEqual([]);
  for (const name of found) change(path.join(folder, name));
}
