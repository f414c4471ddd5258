/** What becomes of a run when the API has a bad day, when it is cut off in the middle, and when it goes looking for keys. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { answer, bash, refuse, say } from '../support/messages-api/replies.ts';
import { recordWatcher } from '../support/worker/run-world.ts';
import { isGone, until } from '../support/worker/until.ts';
import { IS_MISSING, openAgentWorld, REAL_KEY, type AgentWorld } from './world.ts';

describe.skipIf(IS_MISSING)('a run of Claude Code on a bad day', () => {
  let world: AgentWorld;
  const open = async (stallMs?: number) => {
    world = await openAgentWorld(recordWatcher(), stallMs === undefined ? {} : { stallMs });
    return world;
  };
  afterEach(async () => {
    await world.close();
  });

  const first = ({ number }: { number: number }) => number === 1;
  const half = [{ type: 'text', text: 'Half of it' }] as const;

  test.each([
    ['is cut in the middle of an answer', answer(half, { end: 'cut' })],
    ['says that it is overloaded', refuse(529, 'Overloaded')],
    ['breaks', refuse(500, 'Internal server error')],
    ['hangs up', { kind: 'reset' } as const],
    ['answers with what is no stream', { kind: 'raw', text: 'data: {"type":"mess' } as const],
    ['wants a moment', refuse(429, 'Slow down', { 'retry-after': '1' })],
  ])('the API %s once: the run goes on', async (_what, then) => {
    await open();
    world.api.script({ when: first, then }, { when: /./, then: say('All of it.') });
    const { ending, totals } = await world.start().ended;
    expect(ending).toEqual({ kind: 'done', summary: 'All of it.' });
    expect(world.watcher.texts()).toContain('All of it.');
    expect(totals.turns).toBe(1);
  });

  test('its last answer uses the day of its worker up: it is done', async () => {
    const watcher = recordWatcher();
    const isDaySpent = () => watcher.told.some(({ turns }) => turns >= 2);
    world = await openAgentWorld(watcher, { isDaySpent });
    world.api.script({ when: first, then: bash('echo 1') }, { when: /./, then: say('All of it.') });
    const { ending } = await world.start().ended;
    expect(ending).toEqual({ kind: 'done', summary: 'All of it.' });
  });

  test('it wants more when the day of its worker is used up: it ends for that, and asks nothing', async () => {
    const watcher = recordWatcher();
    world = await openAgentWorld(watcher, { isDaySpent: () => watcher.told.some(({ turns }) => turns >= 1) });
    world.api.script({ when: /./, then: bash('echo 1') });
    const { ending, totals } = await world.start().ended;
    expect([ending, totals.turns]).toEqual([{ kind: 'daily' }, 1]);
    const said = watcher.messages.filter(({ kind }) => kind !== 'tool');
    expect(said).toEqual([{ kind: 'notice', text: 'The daily limit of this worker is reached.' }]);
    expect(world.api.requests).toHaveLength(1);
  });

  test('the API falls silent in the middle of an answer: it is cut, and asked again', async () => {
    await open(1_500);
    world.api.script(
      { when: first, then: answer(half, { end: 'stalled' }) },
      { when: /./, then: say('All of it.') },
    );
    const { ending, totals } = await world.start().ended;
    expect(ending).toEqual({ kind: 'done', summary: 'All of it.' });
    // What was begun is paid for.
    expect(totals.costEstimated).toBe(true);
    expect(totals.inputTokens).toBe(200);
  });

  test('the model refuses: repeating it would not help', async () => {
    await open();
    const no = answer([{ type: 'text', text: 'I cannot help with that.' }], { stopReason: 'refusal' });
    world.api.script({ when: /./, then: no });
    const { ending } = await world.start().ended;
    expect(ending.kind).toBe('refused');
  });

  test('stopped in the middle of an answer: the request is closed, and what was used is counted', async () => {
    await open();
    world.api.script({ when: /./, then: answer(half, { end: 'stalled' }) });
    const run = world.start();
    await until('the beginning of an answer', () => (world.watcher.told.at(-1)?.inputTokens ?? 0) > 0);
    const pids = run.pids();
    run.stop();
    const { ending, totals } = await run.ended;
    expect(ending).toEqual({ kind: 'stopped' });
    await until('all to be gone', () => pids.every(isGone) && world.api.open() === 0, 2_000);
    expect(totals).toMatchObject({ inputTokens: 100, costEstimated: true });
    expect(world.api.requests).toHaveLength(1);
  });

  test('whatever a command tries, it finds the real key nowhere', async () => {
    await open();
    const { tree } = world.folder.folders;
    // The pattern does not match itself, so that neither the command nor what is written of it is found.
    const pattern = `'${REAL_KEY.slice(0, -1)}[${REAL_KEY.slice(-1)}]'`;
    const places =
      '"$HOME" "$TMPDIR" "$CLAUDE_CONFIG_DIR" "$PWD" "$PWD/.." /proc/[0-9]*/environ /proc/[0-9]*/cmdline';
    const look = `git init -q .; env | grep -c ${pattern}; grep -rlsaE --exclude-dir=fd ${pattern} ${places}; echo looked`;
    world.api.script({ when: first, then: bash(look) }, { when: /./, then: say('Looked.') });
    expect((await world.start().ended).ending).toEqual({ kind: 'done', summary: 'Looked.' });
    const [tool] = world.watcher.messages.filter(({ kind }) => kind === 'tool');
    expect(tool?.text.split('\n').slice(1)).toEqual(['0', 'looked']);
    // The same way of looking does find what is there.
    fs.writeFileSync(path.join(tree, 'leak.txt'), REAL_KEY);
    world.api.script(
      { when: ({ last }) => !last.includes('looked'), then: bash(look) },
      { when: /./, then: say('Looked.') },
    );
    await world.start().ended;
    expect(world.watcher.messages.filter(({ kind }) => kind === 'tool').at(-1)?.text).toContain('leak.txt');
  });
});
