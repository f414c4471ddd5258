/** What a session that goes on is told: each reply that is new to it, and the text of the task where that was changed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bash, say } from '../support/messages-api/replies.ts';
import { openStage, type Stage, type StageWorker } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

let stage: Stage;
let lab: StageWorker;

beforeEach(async () => {
  stage = await openStage();
  lab = stage.worker('lab');
});

afterEach(() => stage.close());

const completed = () => stage.untilTask(1, ({ status }) => status === 'completed');
/** The last things that the model was told in the run that `act` brings about. */
async function toldIn(act: () => Promise<unknown>): Promise<string[]> {
  const before = stage.model.requests.length;
  await act();
  expect(await lab.once()).toMatchObject({ code: 0 });
  await completed();
  return stage.model.requests.slice(before).map(({ last }) => last);
}

describe.skipIf(IS_MISSING)('a session that goes on', () => {
  it('is told a reply in the very words that the text of the task has already', async () => {
    stage.model.script({ when: /./, then: say('Done.') });
    await stage.server().api.add('Make it work', { project: 'notes' });
    await stage.server().send('POST', '/api/tasks/1/cancel', { body: {} });
    const [first] = await toldIn(() => stage.reply(1, 'try again'));
    expect(first?.match(/try again/g)).toHaveLength(1);

    const [second] = await toldIn(() => stage.reply(1, 'try again'));

    expect(second).toMatch(/Reply from .+:\ntry again/);
    expect(second).not.toContain('interrupted');
    expect(second).not.toContain('The text of the task');
  });

  it('is told the new text of a task that was edited, once', async () => {
    stage.model.script(
      { when: ({ number }) => number < 3, then: bash('echo one >> count.txt') },
      { when: /./, then: say('Done now.') },
    );
    await stage.server().api.add('Write the old file', { project: 'notes', max_turns: 2 });
    expect(await lab.once()).toMatchObject({ code: 0 });
    const question = await stage.openQuestion(/budget of 2 turns is/);

    const [told] = await toldIn(async () => {
      const edit = { body: { description: 'Write the new file' } };
      expect((await stage.server().send('PUT', '/api/tasks/1', edit)).status).toBe(200);
      await stage.answer(question.id, { option: 'more' });
    });

    expect(told).toContain('was changed since you were told it. It reads now:\nWrite the new file');
    const [next] = await toldIn(() => stage.reply(1, 'and more'));
    expect(next).toContain('and more');
    expect(next).not.toContain('It reads now');
  });
});
