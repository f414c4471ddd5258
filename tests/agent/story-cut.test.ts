/** Runs that are cut off: cancelled by people, and by the death of their worker. */
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bash, say } from '../support/messages-api/replies.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { isGone, pidIn, until } from '../support/worker/until.ts';
import { IS_MISSING } from './world.ts';

const BRANCH = 'claude/1-write-two-notes';
/** Nobody waits for a lost machine for longer. */
const LEASE_SECONDS = 15;
let stage: Stage;

beforeEach(async () => {
  stage = await openStage({ LEASE_MINUTES: String(LEASE_SECONDS / 60) });
});

afterEach(() => stage.close());

const add = () => stage.server().api.add('Write two notes', { project: 'notes' });
const pidFile = () => path.join(stage.folder, 'run.pid');
const cancel = async () => {
  const { status } = await stage.server().send('POST', '/api/tasks/1/cancel', { body: {} });
  expect(status).toBe(200);
};

describe.skipIf(IS_MISSING)('a run that is cancelled', () => {
  it('inside a command: 2 s later nothing lives and no request is open, and its work is kept', async () => {
    stage.model.script(
      { when: /Write two notes/, then: bash('echo one > one.txt; echo written') },
      { when: /./, then: bash(`echo $$ > ${pidFile()}; sleep 300`) },
    );
    await add();
    const once = stage.worker('lab').start('--once');
    const pid = await pidIn(pidFile());

    await cancel();
    await until('the end of the run', () => isGone(pid) && stage.model.open() === 0, 2_000);

    expect(await once.ended).toMatchObject({ code: 0 });
    const { status, result } = await stage.untilTask(1, (task) => task.result?.branch != null);
    expect(status).toBe('cancelled');
    expect(result).toMatchObject({ outcome: 'cancelled', files_changed: 1 });
    expect(stage.show(result!.branch!, 'one.txt')).toBe('one');
    expect((await stage.messages(1)).at(-1)?.text).toContain(result!.branch!);
  });

  it('while a question is open: the question is closed, and the model is asked nothing more', async () => {
    stage.model.script({ when: /./, then: bash('touch made.txt') });
    await add();
    const worker = stage.worker('lab', { project: ['permissions: ask'] }).start();
    await stage.openQuestion(/touch made\.txt/);
    const asked = stage.model.requests.length;

    await cancel();
    await until('the end of the run', () => stage.model.open() === 0, 2_000);

    expect(await stage.questions()).toEqual([]);
    worker.signal('SIGTERM');
    expect(await worker.ended).toMatchObject({ code: 0 });
    expect(stage.model.requests).toHaveLength(asked);
    expect(await stage.task(1)).toMatchObject({ status: 'cancelled' });
  });
});

describe.skipIf(IS_MISSING)('a worker that is killed in the middle of a run', () => {
  it('loses nothing: another one goes on from the last save, and its own next start ends what it left', async () => {
    const begun = ({ all }: { all: string }) => all.includes('run.pid');
    stage.model.script(
      { when: /both written/, then: say('Both notes are written.') },
      {
        when: ({ last }) => /uncommitted|interrupted/.test(last),
        then: bash('cat one.txt && echo two > two.txt && echo both written'),
      },
      {
        when: (request) => !begun(request),
        then: bash('echo one > one.txt; echo begun > run.pid; rm run.pid'),
      },
      { when: /./, then: bash(`echo $$ > ${pidFile()}; sleep 300`) },
    );
    await add();
    const first = stage.worker('first', { file: ['checkpoint_minutes: 0.02'] });
    const killed = first.start();
    const pid = await pidIn(pidFile());
    await stage.until('a save', () => Promise.resolve(stage.branches().includes('refs/athena/1/1')));

    killed.signal('SIGKILL');
    await killed.ended;
    const second = stage.worker('second');
    second.start();

    const done = await stage.untilTask(1, ({ status }) => status === 'completed');
    expect(done).toMatchObject({ attempt: 2, result: { outcome: 'done', branch: BRANCH, files_changed: 2 } });
    expect(stage.show(BRANCH, 'one.txt')).toBe('one');
    expect(stage.show(BRANCH, 'two.txt')).toBe('two');
    expect(isGone(pid)).toBe(false);

    first.start();
    await until('the orphan to be gone', () => isGone(pid));
    expect((await stage.task(1)).status).toBe('completed');
    expect(stage.show(BRANCH, 'two.txt')).toBe('two');
  });
});
