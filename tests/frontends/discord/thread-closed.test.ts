import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answer, ask, begin, reply, report, told } from '../../contracts/run-world.ts';
import { eventually } from './stage.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

describe('a thread in which nobody can be told', () => {
  let on: ThreadStage;

  beforeEach(async () => {
    on = await openThreadStage();
  });

  afterEach(async () => {
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
  });

  const notices = async (id: number) =>
    (await told(on.world, id))
      .filter(({ kind, run }) => kind === 'notice' && run === null)
      .map(({ text }) => text);
  const complete = (id: number, leaseId: string) =>
    on.world.run(on.world.tasks.complete(id, { leaseId }, { report: report() }));

  test('deleted: the task goes on, its messages say that nobody watches, and the channel notifies', async () => {
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    on.stage.twin.channel((await on.thread(of.id))[0]?.channelId ?? '').remove();
    await on.report(of, ['Is anybody there?']);
    await on.settle(of.id);
    expect(await notices(of.id)).toEqual(['Nobody watches this task in its thread: it was deleted.']);
    await complete(of.id, of.leaseId);
    await on.stage.relay.run();
    const end = on.stage.twin.channel('claude-tasks').messages.at(-1);
    expect(on.stage.twin.pings).toMatchObject([
      { messageId: end?.id, users: [on.stage.twin.user('alice').id] },
    ]);
    expect((await on.world.store.task(of.id))?.status).toBe('completed');
  });

  test.each([
    ['Create Public Threads', 'CreatePublicThreads'],
    ['Send Messages in Threads', 'SendMessagesInThreads'],
  ] as const)('without %s', async (name, right) => {
    on.stage.twin.channel('claude-tasks').setBotRights({ deny: [right] });
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    const [notice] = await notices(of.id);
    expect(notice).toContain('Nobody watches this task in its thread: the bot may not');
    expect(notice).toContain(name);
  });

  test('with the right back, the next run tells what was missed', async () => {
    on.stage.twin.channel('claude-tasks').setBotRights({ deny: ['CreatePublicThreads'] });
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await complete(of.id, of.leaseId);
    on.stage.twin.channel('claude-tasks').setBotRights({});
    await reply(on.world, of.id, 'Go on.');
    const next = await begin(on.world, of.id);
    await on.report(next, ['Again.']);
    await eventually(() => {
      on.stage.clock.advance(20);
      return on.stage.twin.requests.some(({ path, status }) => path.endsWith('/threads') && status === 201);
    });
    await on.settle(of.id);
    const shown = (await on.thread(of.id)).map(({ content }) => content);
    expect(shown).toContain('Hello.');
    expect(shown.at(-1)).toBe('Again.');
  });

  test('without Embed Links its cards are plain', async () => {
    on.stage.twin.channel('claude-tasks').setBotRights({ deny: ['EmbedLinks'] });
    const of = await on.run();
    await on.report(of, [{ kind: 'tool', text: 'Read: a.ts' }]);
    await complete(of.id, of.leaseId);
    await on.settle(of.id);
    const shown = (await on.thread(of.id)).map(({ text }) => text);
    expect(shown[1]).toBe('🔧 1 step');
    expect(shown[2]).toMatch(/^<@\d+> ✅ Done · task #1 `claude-task-client show 1`$/);
  });

  test('without Embed Links a question is asked in words, with its buttons', async () => {
    on.stage.twin.channel('claude-tasks').setBotRights({ deny: ['EmbedLinks'] });
    const of = await on.run();
    const { id } = await ask(on.world, of, { rule: 'Bash(npm test)' });
    await on.settle(of.id);
    const card = (await on.thread(of.id)).at(-1);
    expect(card?.content).toBe(
      `${on.stage.twin.user('alice').mention} ❓ Run npm test?\n\`\`\`\nBash: npm test\n\`\`\`\nAllow for this task allows: \`\`\`\nBash(npm test)\n\`\`\``,
    );
    expect(card?.controls.map(({ label }) => label)).toEqual(['Allow once', 'Allow for this task', 'Deny']);
    await answer(on.world, id, 'deny');
    await on.settle(of.id);
    const after = (await on.thread(of.id)).at(-1);
    expect(after?.content).toContain('Answered by Ada: Deny');
    expect(after?.controls).toEqual([]);
  });

  test('a notice of nothing is not told', async () => {
    const of = await on.run();
    await on.report(of, [{ kind: 'notice', text: ' \u200B ' }, 'Hello.']);
    await on.settle(of.id);
    expect((await on.thread(of.id)).slice(1).map(({ content }) => content)).toEqual(['Hello.']);
  });
});

test('a front end that is switched on for the first time tells nothing of old tasks', async () => {
  const on = await openThreadStage({ relayStartsLater: true });
  const of = await on.run();
  await on.report(of, ['Old.']);
  await answer(on.world, (await ask(on.world, of)).id, 'allow_once');
  const failure = { error: 'No access.', retry: false, retryInMs: 0, report: report() };
  await on.world.run(on.world.tasks.fail(of.id, { leaseId: of.leaseId }, failure));
  await on.startRelay();
  await on.world.run(on.world.tasks.requeue(of.id, {}));
  await on.settle(of.id);
  expect(on.stage.twin.requests.filter(({ path }) => path.endsWith('/threads'))).toEqual([]);
  await on.report(await begin(on.world, of.id), ['New.']);
  await on.settle(of.id);
  expect((await on.thread(of.id)).map(({ content }) => content)).toEqual([
    '▶️ Run 2 of task #1 · w-1',
    'New.',
  ]);
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});
