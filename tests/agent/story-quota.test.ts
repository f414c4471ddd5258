/** An account without quota: all its workers hold off, other accounts go on, and it goes on by itself when it returns. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuse, say } from '../support/messages-api/replies.ts';
import type { ApiRequest } from '../support/messages-api/request.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

const POOR = { apiKey: 'fake-key-of-the-poor' };
const RICH = { apiKey: 'fake-key-of-the-rich' };

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

const isPoor = ({ headers }: ApiRequest) => headers['x-api-key'] === POOR.apiKey;
const add = (description: string) => stage.server().api.add(description, { project: 'notes' });
const isCompleted = ({ status }: { status: string }) => status === 'completed';

/** Nothing is left for the poor until then; `x-should-retry` ends the program's own patience at once. */
function script(until: number): void {
  stage.model.script(
    {
      when: (request) => isPoor(request) && Date.now() < until,
      then: () => {
        const seconds = Math.ceil((until - Date.now()) / 1000);
        return refuse(429, 'The limit of the week is reached', {
          'retry-after': String(Math.max(1, seconds)),
          'x-should-retry': 'false',
        });
      },
    },
    { when: /./, then: say('Done.') },
  );
}

describe.skipIf(IS_MISSING)('an account without quota', () => {
  it('holds two workers of one account, and none of another', async () => {
    const until = Date.now() + 3_600_000;
    script(until);
    await add('The first');
    await add('The second');

    expect(await stage.worker('one', POOR).once()).toMatchObject({ code: 0 });

    const parked = await stage.task(1);
    expect(parked).toMatchObject({
      ...{ status: 'pending', attempt: 0, result: { outcome: 'parked' } },
      waiting_for: { kind: 'quota' },
    });
    expect(parked.waiting_for?.detail).toContain('The limit of the week is reached');
    const waitMs = Date.parse(parked.waiting_for?.until ?? '') - until;
    expect(Math.abs(waitMs)).toBeLessThan(30_000);
    // The second one finds out from the server, not from the model.
    expect((await stage.worker('two', POOR).once()).stdout).toBe('No task to do.\n');
    expect(stage.model.requests.filter(isPoor).length).toBe(1);
    expect(await stage.worker('three', RICH).once()).toMatchObject({ code: 0 });
    expect(isCompleted(await stage.task(2))).toBe(true);
  });

  it('goes on by itself when its quota returns', async () => {
    script(Date.now() + 20_000);
    await add('The first');
    await add('The second');
    for (const name of ['one', 'two']) stage.worker(name, { ...POOR, file: ['concurrency: 1'] }).start();
    await stage.untilTask(1, ({ waiting_for: waits }) => waits?.kind === 'quota');
    const asked = stage.model.requests.length;
    const held = async () => {
      const all = await Promise.all(['one', 'two'].map((name) => stage.instance(name)));
      return all.map((instance) => instance?.held_until ?? null);
    };
    const [first, second] = await held();
    expect(first).not.toBeNull();
    expect(second).toBe(first);

    for (const id of [1, 2]) expect(await stage.untilTask(id, isCompleted)).toMatchObject({ attempt: 1 });

    // While the account was held, nobody asked.
    const outcomes = stage.model.requests.slice(asked);
    expect(outcomes.length).toBeLessThanOrEqual(4);
    expect(await held()).toEqual([null, null]);
  });
});
