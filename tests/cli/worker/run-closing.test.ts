/** The word about the end of a run, whatever is in its way. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientError } from '../../../cli/errors.ts';
import { startRun } from '../../../cli/worker/run-task.ts';
import type { Reach } from '../../../cli/worker/worker-api.ts';
import { claimOf, createLiveKit, type LiveKitOptions } from '../../support/worker/live-kit.ts';
import { startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

function begin(options: LiveKitOptions) {
  const machine = world.machine();
  const live = createLiveKit(machine, options);
  return { ...live, ...startRun(claimOf(), machine.settings, live.kit) };
}

const done = { kind: 'done', summary: 'rm -rf /' } as const;

describe('a run', () => {
  it.each([
    ['complete', done, { report: { outcome: 'done' } }],
    ['fail', { kind: 'failed', detail: 'rm -rf /' }, { error: 'The run failed.', retry: true }],
    ['release', { kind: 'overload', detail: 'rm -rf /' }, { cause: { kind: 'overload' } }],
  ] as const)(
    'whose words something on the way refuses ends by %s without them',
    async (how, ending, rest) => {
      const bodies: object[] = [];
      const refuse = (_id: number, body: object, { patience }: Reach) => {
        bodies.push(body);
        if (bodies.length > 1) return Promise.resolve({} as never);
        const wall = { foreignMs: Number.MAX_VALUE, ...patience }.foreignMs;
        expect(wall).toBeLessThanOrEqual(15 * 60_000);
        return Promise.reject(new ClientError('http_403', 'A wall.', { status: 403, isForeign: true }));
      };
      const { ended } = begin({ act: () => Promise.resolve(ending), api: { [how]: refuse } });
      expect((await ended).verdict.kind).not.toBe('gone');
      expect(bodies).toMatchObject([
        {},
        { ...rest, report: { summary: 'What the run said at its end was not taken.' } },
      ]);
      expect(JSON.stringify(bodies[1])).not.toMatch(/rm -rf|"reason"/);
    },
  );

  it('that is cancelled while its end is refused on the way ends all the same', async () => {
    const live = begin({
      act: () => Promise.resolve(done),
      api: {
        complete: (_id, _body, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new ClientError('interrupted', 'Interrupted.'));
            });
            live.run.lease.lost('cancelled');
            void live.clock.pass(30_000);
          }),
      },
    });
    expect(await live.ended).toMatchObject({ verdict: { kind: 'gone', reason: 'cancelled' } });
    expect(live.end()).toMatchObject({ what: 'report' });
  });

  it('whose late report is refused for its words makes it without them', async () => {
    const bodies: object[] = [];
    const live = begin({
      act: () => {
        live.run.lease.lost('expired');
        return Promise.resolve(done);
      },
      api: {
        postMessages: () => new Promise(() => {}),
        postReport: (_id, body) => {
          bodies.push(body);
          if (bodies.length > 1) return Promise.resolve({ accepted: true } as never);
          return Promise.reject(new ClientError('http_413', 'A wall.', { status: 413, isForeign: true }));
        },
      },
    });
    expect(await live.ended).toMatchObject({ verdict: { kind: 'gone', reason: 'expired' } });
    expect(bodies).toMatchObject([{}, { messages: [], report: { outcome: 'failed' } }]);
  });
});
