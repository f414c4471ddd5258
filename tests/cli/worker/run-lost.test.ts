/** What is left of a run whose task was taken from it: its work and its session are there for whoever goes on. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientError } from '../../../cli/errors.ts';
import { NO_TOTALS, type Brief, type Watcher } from '../../../cli/worker/executor.ts';
import { markOf } from '../../../cli/worker/run-prompt.ts';
import { startRun } from '../../../cli/worker/run-task.ts';
import { commitTo, git } from '../../support/git-server.ts';
import { BRANCH, inTree, startGitWorld, type GitWorld } from '../../support/worker-git.ts';
import { claimOf, createLiveKit, type LiveKitOptions } from '../../support/worker/live-kit.ts';

let world: GitWorld;
beforeEach(async () => {
  world = await startGitWorld();
});
afterEach(() => world.close());

const done = { kind: 'done', summary: 'Done.' } as const;
const LOST = `${BRANCH}-lost-1a2b3c4d`;
const SAVE = 'refs/athena/5/1';
const SESSION = '0a1b2c3d-0000-4000-8000-000000000000';

const LINE = JSON.stringify({ type: 'user', sessionId: SESSION, message: { role: 'user', content: 'Go' } });

async function leaveSession(brief: Brief, watcher: Watcher, then: () => void | Promise<void>) {
  watcher.session(SESSION);
  const folder = path.join(brief.folders.config, 'projects', 'tree');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${SESSION}.jsonl`), `${LINE}\n`);
  fs.writeFileSync(path.join(brief.folders.tree, 'new.txt'), 'lost\n');
  await then();
  return done;
}

/** A run that writes a file, and whose lease is lost then. */
function lose(
  reason: string,
  options: Partial<LiveKitOptions> = {},
  then: (watcher: Watcher) => void | Promise<void> = () => {},
) {
  const machine = world.machine();
  const live = createLiveKit(machine, {
    act: (brief, watcher) =>
      leaveSession(brief, watcher, async () => {
        await then(watcher);
        run.lease.lost(reason);
      }),
    ...options,
  });
  const { run, ended } = startRun(claimOf(), machine.settings, live.kit);
  return { ...live, machine, ended };
}

/** The next run of the task, on another machine. */
async function goOn(run = 2): Promise<string[]> {
  const { folders } = await world.machine().prepare(run);
  return fs.readdirSync(folders.tree).filter((name) => name !== '.git');
}

describe('a run that has lost its task', () => {
  it.each(['cancelled', 'expired'])('(%s) leaves its work for the next run, on any machine', async (how) => {
    const { ended, end } = lose(how);
    expect(await ended).toMatchObject({ verdict: { kind: 'gone', reason: how } });
    expect(end()).toMatchObject({ what: 'report', body: { report: { branch: LOST } } });
    expect(git(world.bare, 'show', `${LOST}:new.txt`)).toBe('lost');
    expect(git(world.bare, 'show', `${SAVE}:new.txt`)).toBe('lost');
    expect(await goOn()).toContain('new.txt');
  });

  it('leaves its session, sent after the loss and before its report', async () => {
    const { ended, told } = lose('cancelled');
    await ended;
    expect(told.map(({ what }) => what).filter((what) => what !== 'messages')).toEqual([
      'transcript',
      'report',
    ]);
  });

  it('says which text of the task the kept session was told, once the model has answered to it', async () => {
    const silent = lose('cancelled');
    await silent.ended;
    expect(silent.end()?.body['report']).not.toHaveProperty('session_text');
    const { ended, end, told } = lose('cancelled', {}, (watcher) => {
      watcher.totals({ ...NO_TOTALS, turns: 1 });
    });
    await ended;
    expect(told.map(({ what }) => what)).toContain('transcript');
    expect(end()).toMatchObject({ body: { report: { session_text: markOf('Fix it') } } });
  });

  it('is waited for by the next run on this machine, which goes on from its work and in its session', async () => {
    const gone = new ClientError('lease_lost', 'another run has begun', {
      details: { status: 'in_progress' },
    });
    const machine = world.machine();
    const found: string[] = [];
    const live = createLiveKit(machine, {
      act: (brief, watcher) => {
        if (brief.run === 1)
          return leaveSession(brief, watcher, () => {
            first.run.lease.lost('cancelled');
          });
        found.push(...fs.readdirSync(brief.folders.tree), brief.resume?.sessionId ?? 'no session');
        return Promise.resolve(done);
      },
      kit: {
        files: {
          putTranscript: () => Promise.reject(gone),
          transcript: () => Promise.reject(new Error('there is none')),
        } as never,
      },
    });
    const project = { ...machine.settings, executor: 'claude' } as const;
    const first = startRun(claimOf(), project, live.kit);
    const next = claimOf(5, { number: 2, session_id: SESSION });
    const lease = { ...next.lease, lease_id: '9f8e7d6c-0000-4000-8000-000000000005' };
    const second = startRun({ ...next, lease }, project, live.kit);
    await Promise.all([first.ended, second.ended]);
    expect(found).toEqual(expect.arrayContaining(['new.txt', SESSION]));
  });

  it('saves nothing where a newer run has saved already', async () => {
    const { ended } = lose('expired', {}, async () => {
      const newer = world.machine();
      const workspace = await newer.prepare(2);
      inTree(workspace).write('newer.txt', '2\n');
      await newer.work(workspace).save();
    });
    await ended;
    expect(world.refs()).toEqual(['refs/athena/5/2', `refs/heads/${LOST}`, 'refs/heads/main']);
    expect(await goOn(3)).not.toContain('new.txt');
  });

  it('saves nothing where a newer run has delivered already', async () => {
    const { ended } = lose('expired', {}, () => {
      git(world.bare, 'branch', BRANCH, 'main');
      commitTo(world.bare, { 'newer.txt': '2\n' }, BRANCH);
    });
    await ended;
    expect(world.refs()).not.toContain(SAVE);
    expect(await goOn(3)).toEqual(expect.arrayContaining(['newer.txt']));
  });

  it('leaves its work on this machine where the repository takes nothing, and says so', async () => {
    const { ended, end, machine } = lose('cancelled', {}, () => {
      world.server.behave({ kind: 'refuse', status: 403 });
    });
    await ended;
    expect(git(machine.places.store('notes'), 'show', `${SAVE}:new.txt`)).toBe('lost');
    expect(end()?.what).toBe('report');
    expect(end()?.body['report']).not.toHaveProperty('branch');
  });

  it('names no branch that was refused, and says where its work is without what git said', async () => {
    fs.mkdirSync(path.join(world.bare, 'hooks'), { recursive: true });
    fs.writeFileSync(path.join(world.bare, 'hooks/update'), '#!/bin/sh\necho "policy 17" >&2; exit 1\n', {
      mode: 0o755,
    });
    const { ended, end, log } = lose('cancelled');
    await ended;
    const report = end()?.body['report'] as { summary: string; commit: string };
    expect(report).not.toHaveProperty('branch');
    expect(report.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(report.summary).toMatch(
      /The work is kept on the worker, in \S+\.bundle: .+ did not take the push\.$/,
    );
    expect(report.summary).not.toMatch(/policy 17|rejected/);
    expect(log.join('\n')).toContain('the work was not pushed');
  });
});
