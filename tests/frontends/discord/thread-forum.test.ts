import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { begin, report } from '../../contracts/run-world.ts';
import { headlines } from './stage.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

const MAKE = { method: 'POST', path: /^\/channels\/\d+\/threads$/ };

describe('a post in the forum', () => {
  let on: ThreadStage;

  beforeEach(async () => {
    on = await openThreadStage({
      config: { taskForum: 'work' },
      beforeStart: (twin) => void twin.guild.addChannel('work', 'forum'),
    });
  });

  afterEach(async () => {
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
  });

  const made = () =>
    on.stage.twin.requests.filter(({ method, path }) => method === 'POST' && MAKE.path.test(path));

  test('names the task and leads to its card, which leads to it', async () => {
    const { id } = await on.run();
    await on.settle(id);
    const [first, run] = await on.thread(id);
    const threadId = String(first?.channelId);
    expect(on.stage.twin.channel(threadId)).toMatchObject({ name: '#1 Deploy new monitoring stack' });
    const card = on.stage.twin.channel('claude-tasks').messages[0];
    expect(first?.text).toContain('Task ID: #1');
    expect(first?.isSilent).toBe(true);
    expect(run?.content).toBe('▶️ Run 1 of task #1 · w-1');
    expect(card?.text).toContain(`Thread: <#${threadId}>`);
    expect(first?.text).toContain(`/${String(card?.channelId)}/${String(card?.id)}`);
  });

  test('its end notifies there, and the line of the channel links to it', async () => {
    const of = await on.run();
    await on.settle(of.id);
    await on.world.run(on.world.tasks.complete(of.id, { leaseId: of.leaseId }, { report: report() }));
    await on.settle(of.id);
    await on.stage.relay.run();
    const shown = await on.thread(of.id);
    expect(headlines(shown).at(-1)).toBe('✅ Done · task #1');
    expect(on.stage.twin.pings).toHaveLength(1);
    const line = on.stage.twin.channel('claude-tasks').messages.at(-1);
    expect(line?.text).toContain(`Thread: <#${String(shown[0]?.channelId)}>`);
    expect(line?.isSilent).toBe(true);
  });

  const BLOCKED = {
    kind: 'status',
    status: 400,
    body: { code: 200_000, message: 'Message was blocked by automatic moderation' },
  } as const;

  test.each([
    [1, '#1 Deploy new monitoring stack'],
    [2, '#1'],
  ])('refused for its content %i times: it is made in plainer forms', async (times, name) => {
    on.stage.twin.fault(MAKE, BLOCKED, { times });
    const { id } = await on.run();
    await on.settle(id);
    const shown = await on.thread(id);
    expect(headlines(shown)).toEqual(['Task #1 `claude-task-client show 1`', '▶️ Run 1 of task #1 · w-1']);
    expect(on.stage.twin.channel(String(shown[0]?.channelId)).name).toBe(name);
  });

  test('without Embed Links it is plain, and found again as such', async () => {
    on.stage.twin.channel('work').setBotRights({ deny: ['EmbedLinks'] });
    on.stage.twin.fault(MAKE, { kind: 'cut', when: 'after' });
    const { id } = await on.run();
    await on.settle(id);
    expect(made()).toHaveLength(1);
    expect(headlines(await on.thread(id))[0]).toBe('Task #1 `claude-task-client show 1`');
  });

  test.each([
    ['answered 502', { kind: 'status', status: 502, applied: true } as const],
    ['cut off', { kind: 'cut', when: 'after' } as const],
  ])('made but %s: it is found again by its first message', async (_name, fault) => {
    on.stage.twin.fault(MAKE, fault);
    const { id } = await on.run();
    await on.settle(id);
    expect(made()).toHaveLength(1);
    expect((await on.thread(id))[1]?.content).toBe('▶️ Run 1 of task #1 · w-1');
  });

  test('made, and the process killed: another finds it, archived and renamed as it is', async () => {
    const held = on.stage.twin.fault(MAKE, { kind: 'hold', when: 'after' });
    const id = await on.submit();
    await begin(on.world, id);
    await on.stage.twin.waitFor(() => held.held === 1);
    const gone = on.restart();
    held.release();
    await gone;
    const post = on.stage.twin.channel('#1 Deploy new monitoring stack');
    post.rename('Something else');
    post.archive();
    await on.settle(id);
    expect(made()).toHaveLength(1);
    expect(headlines(await on.thread(id)).slice(1)).toEqual(['▶️ Run 1 of task #1 · w-1']);
  });
});

test('a forum that wants a tag gets its first one', async () => {
  const on = await openThreadStage({
    config: { taskForum: 'work' },
    beforeStart: (twin) => void twin.guild.addChannel('work', 'forum', { tags: ['bot'], requiresTag: true }),
  });
  const { id } = await on.run();
  await on.settle(id);
  expect(await on.thread(id)).toHaveLength(2);
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});

test('without such a forum the thread hangs on the card', async () => {
  const on = await openThreadStage({ config: { taskForum: 'work' } });
  const { id } = await on.run();
  await on.settle(id);
  expect((await on.thread(id))[0]?.content).toBe('▶️ Run 1 of task #1 · w-1');
  expect(on.stage.log.map(({ message }) => message)).toContain(
    'TASK_FORUM is no forum that can be seen: threads hang on the cards',
  );
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});

test('the line of the channel does not wait for a post', async () => {
  const on = await openThreadStage({
    config: { taskForum: 'work' },
    beforeStart: (twin) => void twin.guild.addChannel('work', 'forum'),
    relayStartsLater: true,
  });
  const of = await on.run();
  await on.world.run(on.world.tasks.complete(of.id, { leaseId: of.leaseId }, { report: report() }));
  await on.stage.relay.run();
  const line = on.stage.twin.channel('claude-tasks').messages.at(-1);
  expect(headlines([line!])).toEqual(['✅ Task #1 Completed!']);
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});

test.each(['text', 'voice'] as const)(
  'a %s channel of the same name is not taken for the forum',
  async (kind) => {
    const on = await openThreadStage({
      config: { taskForum: 'work' },
      beforeStart(twin) {
        twin.guild.addChannel('work', kind);
        twin.guild.addChannel('work', 'forum');
      },
    });
    const { id } = await on.run();
    await on.settle(id);
    expect((await on.thread(id))[0]?.text).toContain('Task ID: #1');
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
  },
);

test('where the forum wants a tag and has none, the thread hangs on the card', async () => {
  const on = await openThreadStage({
    config: { taskForum: 'work' },
    beforeStart: (twin) => void twin.guild.addChannel('work', 'forum', { requiresTag: true }),
  });
  const of = await on.run();
  await on.report(of, ['Hello.']);
  await on.settle(of.id);
  expect((await on.thread(of.id)).map(({ content }) => content)).toEqual([
    '▶️ Run 1 of task #1 · w-1',
    'Hello.',
  ]);
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});
