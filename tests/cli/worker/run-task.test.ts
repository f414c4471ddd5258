/** A whole run, from its claim to the word about its end, whatever happens to it on the way. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientError } from '../../../cli/errors.ts';
import type { Brief } from '../../../cli/worker/executor.ts';
import { createRunFiles } from '../../../cli/worker/run-files.ts';
import { startRun } from '../../../cli/worker/run-task.ts';
import { until } from '../../support/worker/until.ts';
import { git } from '../../support/git-server.ts';
import { claimOf, createLiveKit, type LiveKitOptions } from '../../support/worker/live-kit.ts';
import type { ManualClock } from '../../support/worker/run-clock.ts';
import { startGitWorld, type GitWorld } from '../../support/worker-git.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

function begin(options: LiveKitOptions, claim = claimOf()) {
  const machine = world.machine();
  const live = createLiveKit(machine, options);
  return { ...live, machine, ...startRun(claim, machine.settings, live.kit) };
}

const reportIn = (told: { body: Record<string, unknown> } | undefined) =>
  told?.body['report'] as { summary: string };

const done = { kind: 'done', summary: 'Done.' } as const;

describe('a run', () => {
  it('does its work, delivers it and says so', async () => {
    const { ended, end } = begin({
      act: (brief) => {
        fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
        return Promise.resolve(done);
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'complete' } });
    expect(end()).toMatchObject({ what: 'complete', body: { report: { outcome: 'done' } } });
    expect(git(world.bare, 'show', 'claude/5-fix-it:new.txt')).toBe('1');
  });

  it('of a project that is not pushed goes on from what the run before it has kept', async () => {
    const machine = world.machine({ push: false });
    const store = machine.places.store('notes');
    const run = async (number: number, work: (brief: Brief, clock: ManualClock) => Promise<void>) => {
      const live = createLiveKit(machine, {
        act: async (brief) => {
          await work(brief, live.clock);
          fs.writeFileSync(path.join(brief.folders.tree, 'last.txt'), `${number}\n`);
          return done;
        },
      });
      await startRun(claimOf(5, { number }), machine.settings, live.kit).ended;
    };
    await run(1, async (brief, clock) => {
      fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), 'half\n');
      await clock.pass(120_000);
      await until('a save', () => fs.existsSync(path.join(store, 'refs/athena/5/1')));
    });
    let found = '';
    await run(2, (brief) => {
      found = fs.readFileSync(path.join(brief.folders.tree, 'last.txt'), 'utf8');
      return Promise.resolve();
    });
    expect(found).toBe('1\n');
  });

  it.each([
    [
      'a link that leads to itself',
      (file: string) => {
        fs.symlinkSync(path.basename(file), file);
      },
    ],
    [
      'a plain file',
      (file: string) => {
        fs.writeFileSync(file, '');
      },
    ],
  ])('is not broken by %s among its transcripts', async (_what, make) => {
    const { ended, end, log, clock, kit } = begin({
      act: async (brief, watcher) => {
        watcher.session('0a1b2c3d-0000-4000-8000-000000000000');
        fs.mkdirSync(path.join(brief.folders.config, 'projects'));
        make(path.join(brief.folders.config, 'projects', 'trap'));
        fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
        await clock.pass(kit.settings.checkpointMs);
        return done;
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'complete' } });
    expect(end()).toMatchObject({ what: 'complete' });
    expect(log.filter((line) => line.includes('broke'))).toEqual([]);
    expect(git(world.bare, 'show', 'claude/5-fix-it:new.txt')).toBe('1');
  });

  it('that breaks before its executor has begun keeps nothing behind, and fails with what went wrong', async () => {
    const { ended, end, machine } = begin({
      act: () => Promise.resolve(done),
      kit: {
        executorOf: () => {
          throw new Error('no such executor');
        },
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'fail', error: 'no such executor' } });
    expect(end()).toMatchObject({ what: 'fail' });
    expect(fs.existsSync(machine.places.run(5, 1))).toBe(false);
  });

  it('ends as it ended though its folders cannot be cleared away', async () => {
    const { ended, end, machine } = begin({
      act: (brief) => {
        fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
        // Where things go that are thrown away.
        fs.rmSync(machine.places.trash, { recursive: true, force: true });
        fs.writeFileSync(machine.places.trash, '');
        return Promise.resolve(done);
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'complete' } });
    expect(end()).toMatchObject({ what: 'complete' });
  });

  it('ends though what it cost cannot be written down, and that counts all the same', async () => {
    const { ended, end, machine, kit } = begin({
      dailyCostUsd: 10,
      act: (_brief, watcher) => {
        watcher.totals({ costUsd: 4, costEstimated: false, inputTokens: 1, outputTokens: 1, turns: 1 });
        fs.mkdirSync(path.join(machine.folder, 'spending.json'));
        return Promise.resolve(done);
      },
    });
    expect(await ended).toMatchObject({ costUsd: 4 });
    expect(end()).toMatchObject({ what: 'complete' });
    expect(kit.spending.leftUsd()).toBe(6);
  });

  it.each([
    ['a summary', { kind: 'done', summary: 'a\u0000b \ud83d' } as const],
    ['an error', { kind: 'failed', detail: `\ude00 ${'x'.repeat(10_000)} \u0000` } as const],
    ['a reason', { kind: 'overload', detail: `\u0000${'😀'.repeat(300)}` } as const],
  ])('tells its end though %s holds what the server would refuse', async (_what, ending) => {
    const { ended, end } = begin({ act: () => Promise.resolve(ending) });
    const { verdict } = await ended;
    expect(verdict.kind).not.toBe('gone');
    expect(JSON.stringify(end()?.body)).not.toContain('\\u0000');
  });

  it('hears of the loss of its lease once, though its work is still brought home', async () => {
    let asked = 0;
    const claim = claimOf();
    const { ended, end, clock } = begin({
      act: async () => {
        await clock.pass(10_000);
        return done;
      },
      listener: (runs) => {
        asked += 1;
        const lost = { task_id: 5, ended: true, reason: 'cancelled', replies: [], answers: [] };
        return Promise.resolve({ runs: runs.map(({ lease_id }) => ({ lease_id, ...lost })) });
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'gone', reason: 'cancelled' } });
    expect(end()).toMatchObject({ what: 'report', body: { lease_id: claim.lease.lease_id } });
    await clock.pass(10_000);
    expect(asked).toBe(1);
  });

  it('does not take its own end for the loss of its lease', async () => {
    const { ended, run } = begin({
      act: () => Promise.resolve(done),
      api: {
        complete: async (_id, _body, { signal }) => {
          // The heartbeat after it is answered sooner than the call itself.
          run.lease.lost('completed');
          await Promise.resolve();
          if (signal.aborted) throw new ClientError('interrupted', 'Interrupted.');
          return {} as never;
        },
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'complete' } });
  });

  it('begins without what cannot be had of the server, and its log says so', async () => {
    let nowMs = 0;
    const page = (status: number) => ({ status, headers: {}, bytes: Buffer.from('?'), text: '?' });
    const files = createRunFiles({
      config: { apiUrl: 'http://127.0.0.1:1', apiKey: 'k' } as never,
      transport: {
        send: ({ url }) => Promise.resolve(page(url.includes('transcript') ? 500 : 403)),
        close() {},
      },
      pace: {
        now: () => nowMs,
        random: () => 0.5,
        sleep: (ms) => ((nowMs += ms), Promise.resolve()),
      },
    });
    const claim = claimOf(5, {
      ...{ number: 2, session_id: '0a1b2c3d-0000-4000-8000-000000000000', has_transcript: true },
      attachments: [{ number: 1, name: 'photo.png' }] as never,
    });
    const machine = world.machine();
    const live = createLiveKit(machine, { act: () => Promise.resolve(done), kit: { files } });
    const project = { ...machine.settings, executor: 'claude' } as const;
    expect(await startRun(claim, project, live.kit).ended).toMatchObject({ verdict: { kind: 'complete' } });
    const said = JSON.stringify(live.told.filter(({ what }) => what === 'messages'));
    expect(said).toContain('A new session begins: the earlier one cannot be read');
    expect(said).toContain('The attachment photo.png could not be fetched');
  });

  it('whose question about the budget is not taken fails, rather than wait for an answer to it', async () => {
    const { ended, end } = begin({
      act: () => Promise.resolve({ kind: 'budget', which: 'turns' } as const),
      limits: { turns: 3 },
      api: { askQuestion: () => Promise.reject(new ClientError('limit_reached', 'no', { status: 409 })) },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'fail' } });
    expect(end()?.body['error']).toContain('The budget of 3 turns is used up');
  });

  it('whose task is cancelled while its repository does not answer gives its place back at once', async () => {
    world.server.behave({ kind: 'hang' });
    const { run, ended, end } = begin({ act: () => Promise.resolve(done) });
    await until('a request of git', () => world.server.seen.length > 0);
    run.lease.lost('cancelled');
    expect(await ended).toMatchObject({ verdict: { kind: 'gone', reason: 'cancelled' } });
    expect(end()).toMatchObject({ what: 'report' });
  });

  it.each([
    ['is done', () => Promise.resolve(done)],
    ['is stopped', (stop: () => void) => (stop(), Promise.resolve(done))],
  ])(
    'that %s in a hurry is saved here and given back, though its repository does not answer',
    async (_what, act) => {
      let isHanging = false;
      const live = begin({
        act: (brief) => {
          fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
          world.server.behave({ kind: 'hang' });
          world.server.seen.length = 0;
          isHanging = true;
          return act(() => {
            live.run.stopper.stop({ kind: 'leaving' });
          });
        },
      });
      await until('the push', () => isHanging && world.server.seen.length > 0);
      live.hurry.abort();
      expect(await live.ended).toMatchObject({ verdict: { kind: 'stopping' } });
      expect(live.end()).toMatchObject({ what: 'release', body: { cause: { kind: 'stopping' } } });
      const store = live.machine.places.store('notes');
      expect(git(store, 'show', 'refs/athena/5/1:new.txt')).toBe('1');
    },
  );

  it('whose folders cannot be made is no fault of the task', async () => {
    const machine = world.machine();
    fs.writeFileSync(path.join(machine.folder, 'runs'), '');
    const live = createLiveKit(machine, { act: () => Promise.resolve(done) });
    const { ended } = startRun(claimOf(), machine.settings, live.kit);
    expect(await ended).toMatchObject({ verdict: { kind: 'fault', fault: 'disk' } });
  });

  it('at its budget leaves its last words for the run that only delivers', async () => {
    const parked = begin({
      limits: { turns: 1 },
      act: (brief, watcher) => {
        watcher.message({ kind: 'text', text: 'Half of it is there.' });
        watcher.message({ kind: 'tool', text: 'Bash: true · exit 0' });
        fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
        return Promise.resolve({ kind: 'budget', which: 'turns' });
      },
    });
    await parked.ended;
    const { summary } = reportIn(parked.end());
    expect(summary).toBe('Half of it is there.\n\nThe work on the branch is unfinished.');
    const finishing = begin(
      { act: () => Promise.resolve(done) },
      claimOf(5, { number: 2, is_finishing: true, summary }),
    );
    await finishing.ended;
    expect(reportIn(finishing.end())).toMatchObject({ outcome: 'budget', summary: 'Half of it is there.' });
  });

  it('that only delivers says where the work lies now, and not where it lay before', async () => {
    const summary = 'Half of it is there.\n\nThe work is kept on the worker, in /old.bundle: Git failed.';
    const { ended, end } = begin(
      { act: () => Promise.resolve(done) },
      claimOf(5, { number: 2, is_finishing: true, summary }),
    );
    await ended;
    expect(reportIn(end())).toMatchObject({ outcome: 'budget', summary: 'Half of it is there.' });
  });

  it('that only delivers what a run has left that had said nothing says so', async () => {
    const summary = 'The work on the branch is unfinished.';
    const { ended, end } = begin(
      { act: () => Promise.resolve(done) },
      claimOf(5, { number: 2, is_finishing: true, summary }),
    );
    await ended;
    expect(reportIn(end()).summary).toMatch(/^Its budget was used up before it had said anything/);
  });

  it('says where its work lies that could be saved on this machine alone', async () => {
    const { ended, told } = begin({
      act: (brief) => {
        fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
        world.server.behave({ kind: 'refuse', status: 403 });
        return Promise.resolve({ kind: 'parked' });
      },
    });
    await ended;
    const said = JSON.stringify(told.filter(({ what }) => what === 'messages'));
    expect(said).toContain('The work is saved on the worker lab alone, in ');
    expect(said).toContain('/stores/notes.git, as refs/athena/5/1: ');
  });

  it('counts the time of its executor, not that of the repository before it', async () => {
    const { clock, end, ended } = begin({
      act: async () => {
        await clock.pass(7_000);
        return done;
      },
    });
    await clock.pass(600_000);
    await ended;
    expect(end()).toMatchObject({ body: { report: { totals: { duration_seconds: 7 } } } });
  });

  it('whose last answer uses up the day is done all the same', async () => {
    const { ended, end, kit } = begin({
      dailyCostUsd: 10,
      act: (brief, watcher) => {
        fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), '1\n');
        watcher.totals({ costUsd: 11, costEstimated: false, inputTokens: 1, outputTokens: 1, turns: 1 });
        return Promise.resolve(done);
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'complete' } });
    expect(end()).toMatchObject({ what: 'complete' });
    expect(kit.spending.leftUsd()).toBe(0);
  });

  it('that asks for more when all runs together have used up the day is given back', async () => {
    const machine = world.machine();
    const totals = { costEstimated: false, inputTokens: 1, outputTokens: 1, turns: 1 };
    const reached: number[] = [];
    let arrive = () => {};
    const first = new Promise<void>((resolve) => (arrive = resolve));
    const live = createLiveKit(machine, {
      dailyCostUsd: 10,
      act: async ({ taskId }, watcher) => {
        // The second begins when the first has used half of the day, and the first goes on then.
        if (taskId === 6) arrive();
        watcher.totals({ ...totals, costUsd: taskId === 5 ? 5 : 0 });
        await first;
        for (let costUsd = 1; live.kit.spending.leftUsd() !== 0 && costUsd < 20; costUsd += 1) {
          watcher.totals({ ...totals, costUsd: taskId === 5 ? 5 + costUsd : costUsd });
          reached.push(costUsd);
          await new Promise((resolve) => setImmediate(resolve));
        }
        return { kind: 'daily' };
      },
    });
    const runs = [5, 6].map((id) => startRun(claimOf(id), machine.settings, live.kit));
    await Promise.all(runs.map(({ ended }) => ended));
    expect(live.kit.spending.leftUsd()).toBe(0);
    expect(Math.max(...reached)).toBeLessThan(5);
    const ends = live.told.filter(({ what }) => what === 'release');
    expect(ends).toMatchObject([1, 2].map(() => ({ body: { cause: { kind: 'stopping' } } })));
    expect(ends[0]?.body['reason']).toContain('daily limit');
  });

  it('whose worker dies is paid for by that day all the same', async () => {
    const { clock, kit, machine, run, ended } = begin({
      dailyCostUsd: 10,
      act: async (_brief, watcher, stopped) => {
        watcher.totals({ costUsd: 4, costEstimated: false, inputTokens: 1, outputTokens: 1, turns: 1 });
        await clock.pass(kit.settings.checkpointMs);
        const next = createLiveKit(machine, { dailyCostUsd: 10, act: () => Promise.resolve(done) });
        expect(next.kit.spending.leftUsd()).toBe(6);
        run.stopper.stop({ kind: 'leaving' });
        expect(stopped.aborted).toBe(true);
        return done;
      },
    });
    expect(await ended).toMatchObject({ verdict: { kind: 'stopping' } });
  });
});
