/** A worker that dies between its claim and the first folder that it makes for it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStage, type Stage } from '../support/worker/stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

it('a worker that is killed before it has begun gives the task back when it starts again', async () => {
  await stage.server().api.add('Write it down', { project: 'notes' });
  const lab = stage.worker('lab', { shell: 'echo done > done.txt' });
  stage.host.behave({ kind: 'hang' });
  const killed = lab.start();
  await stage.untilTask(1, ({ status }) => status === 'in_progress');
  killed.signal('SIGKILL');
  await killed.ended;
  stage.host.behave({ kind: 'serve' });

  expect(await lab.once()).toMatchObject({ code: 0 });

  expect(await stage.task(1)).toMatchObject({
    ...{ status: 'completed', attempt: 1 },
    result: { outcome: 'done' },
  });
});
