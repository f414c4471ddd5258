/** A task that is stopped while its run goes on, and taken up again: nothing of the stopped run is out of sight. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bash, say } from '../support/messages-api/replies.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

const BRANCH = 'claude/1-write-it';
let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

const cancel = () => stage.server().send('POST', '/api/tasks/1/cancel', { body: { reason: 'Stop' } });
const said = (text: string) =>
  stage.until(text, async () => (await stage.messages(1)).some((one) => one.text.includes(text)));
const completed = () => stage.untilTask(1, ({ status }) => status === 'completed');

describe.skipIf(IS_MISSING)('a task that was cancelled while Claude worked on it', () => {
  it.each([
    ['when that is brought home', 'wait'],
    ['at once', 'at once'],
  ])('is followed up %s in the same session, with the work of the cancelled run', async (_what, when) => {
    stage.model.script(
      { when: /show me/, then: bash('echo SEEN; cat work.txt') },
      { when: /SEEN/, then: say('I looked.') },
      { when: /Write it/, then: bash('echo important > work.txt; echo made') },
      { when: /made/, then: bash('echo waiting; sleep 600') },
    );
    await stage.server().api.add('Write it', { project: 'notes' });
    stage.worker('lab', { file: ['concurrency: 2'] }).start();
    await said('made');
    await stage.until('the second call', () => Promise.resolve(stage.model.requests.length >= 2));
    await cancel();
    if (when === 'wait') {
      await said('Run 1: ');
      expect((await stage.task(1)).result?.branch).toMatch(/^claude\/1-write-it-lost-[0-9a-f]{8}$/);
    }

    await stage.reply(1, 'Go on: show me work.txt');

    expect((await completed()).result).toMatchObject({ outcome: 'done', branch: BRANCH });
    expect(stage.show(BRANCH, 'work.txt')).toBe('important');
    const told = stage.model.requests.filter(({ last }) => last.includes('show me'));
    expect(told[0]?.all).toContain('Write it');
    const messages = JSON.stringify(await stage.messages(1));
    expect(messages).not.toContain('A new session begins');
    expect(messages).toContain('· stopped ·');
    expect(messages).not.toContain("doesn't want to");
  });
});

describe('a task that was cancelled while a command worked on it', () => {
  const START = 'cat > /dev/null; ls; ';

  it.each(['reply', 'requeue'])(
    'goes on after a %s from its last state, newer than its last save',
    async (how) => {
      const work = `${START} if [ $ATHENA_RUN = 1 ]; then echo a > early.txt; sleep 4; echo b > late.txt; echo ready; sleep 600; fi`;
      stage.worker('lab', { file: ['checkpoint_minutes: 0.03'], shell: work }).start();
      await stage.server().api.add('Write it', { project: 'notes' });
      await said('ready');
      await cancel();
      await said('Run 1: ');

      if (how === 'reply') await stage.reply(1, 'go on');
      else await stage.server().send('POST', '/api/tasks/1/requeue', { body: {} });

      expect((await completed()).result).toMatchObject({ outcome: 'done', branch: BRANCH });
      expect(stage.show(BRANCH, 'early.txt')).toBe('a');
      expect(stage.show(BRANCH, 'late.txt')).toBe('b');
    },
  );

  it('twice within a minute leaves a branch of its own each time', async () => {
    const work = `${START} echo $ATHENA_RUN > run$ATHENA_RUN.txt; echo ready$ATHENA_RUN; if [ $ATHENA_RUN != 3 ]; then sleep 600; fi`;
    stage.worker('lab', { shell: work }).start();
    await stage.server().api.add('Write it', { project: 'notes' });
    for (const run of [1, 2]) {
      await said(`ready${run}`);
      await cancel();
      await said(`Run ${run}: kept on branch ${BRANCH}-lost-`);
      await stage.reply(1, 'go on');
    }

    expect((await completed()).result?.branch).toBe(BRANCH);
    const lost = stage.branches().filter((name) => name.includes('-lost-'));
    expect(new Set(lost).size).toBe(2);
    for (const run of [1, 2, 3]) expect(stage.show(BRANCH, `run${run}.txt`)).toBe(String(run));
    expect(stage.branches().filter((name) => name.startsWith('refs/athena/'))).toEqual([]);
  });
});
