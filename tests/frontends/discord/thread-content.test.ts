import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answer, ask, begin, reply, report, told } from '../../contracts/run-world.ts';
import type { TwinMessage } from '../../support/discord-twin/index.ts';
import { headlines } from './stage.ts';
import { openThreadStage, type Said, type ThreadStage } from './thread-stage.ts';

const tool = (text: string): Said => ({ kind: 'tool', text });
const labels = (message: TwinMessage | undefined) => message?.controls.map(({ label }) => label);

describe('what a thread shows', () => {
  let on: ThreadStage;

  beforeEach(async () => {
    on = await openThreadStage();
  });

  afterEach(async () => {
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
    expect(on.stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const complete = (id: number, leaseId: string, facts = {}) =>
    on.world.run(on.world.tasks.complete(id, { leaseId }, { report: report(facts) }));
  const alice = () => on.stage.twin.user('alice').id;

  test('joined, its texts are those of the messages', async () => {
    const of = await on.run();
    const long = Array.from({ length: 210 }, (_line, at) => `${at}. line of a long report`).join('\n');
    await on.report(of, ['One.', 'Two.\n\nTwo and a half.', long]);
    await on.settle(of.id);
    await on.report(of, ['Three.']);
    await on.settle(of.id);
    const texts = (await told(on.world, of.id)).map(({ text }) => text).join('\n');
    const shown = (await on.thread(of.id)).slice(1).map(({ content }) => content);
    expect(shown.join('\n')).toBe(texts);
    expect(shown.length).toBeGreaterThan(3);
  });

  test('a text over 6,000 characters is a file', async () => {
    const of = await on.run();
    const text = 'A line of the report.\n'.repeat(400).trim();
    await on.report(of, ['Here it is:', text]);
    await on.settle(of.id);
    const [, words, file] = await on.thread(of.id);
    expect(words?.content).toBe('Here it is:');
    expect(file?.attachments.map(({ filename }) => filename)).toEqual(['task-1-2.md']);
    expect(file?.attachments[0]?.text).toBe(text);
  });

  test('a long notice is told whole: in messages, or as a file', async () => {
    const of = await on.run();
    const short = 'A line of the notice.\n'.repeat(200).trim();
    const long = 'A line of the notice.\n'.repeat(400).trim();
    await on.report(of, [
      { kind: 'notice', text: short },
      { kind: 'notice', text: long },
    ]);
    await on.settle(of.id);
    const shown = (await on.thread(of.id)).slice(1);
    const texts = shown.filter(({ attachments }) => attachments.length === 0).map(({ content }) => content);
    expect(texts.join('\n')).toBe(`ℹ️ ${short}`);
    expect(shown.at(-1)?.attachments[0]?.text).toBe(`ℹ️ ${long}`);
  });

  test('what is asked for is shown whole, as far as Discord takes it, with where the rest is', async () => {
    const of = await on.run();
    const end = 'and then delete it all';
    await ask(on.world, of, { key: 'a', detail: `${'x'.repeat(3_900)} ${end}` });
    await ask(on.world, of, { key: 'b', detail: `${'\u200B'.repeat(3_900)} ${end}` });
    await on.settle(of.id);
    const [whole, cut] = (await on.thread(of.id)).slice(1).map(({ embeds }) => embeds[0]?.description ?? '');
    expect(whole).toContain(end);
    expect(cut).toMatch(/…\n```\n… \(shortened; all of it: `claude-task-client answer 2`\)$/);
  });

  test('without Attach Files it is split like any other', async () => {
    on.stage.twin.channel('claude-tasks').setBotRights({ deny: ['AttachFiles'] });
    const of = await on.run();
    await on.settle(of.id);
    const text = 'A line of the report.\n'.repeat(400).trim();
    await on.report(of, [text]);
    await on.settle(of.id);
    const shown = (await on.thread(of.id)).slice(1).map(({ content }) => content);
    expect(shown.join('\n')).toBe(text);
  });

  test('what somebody replies by another way is a silent line, cut with where the rest is', async () => {
    const of = await on.run();
    await on.settle(of.id);
    await reply(on.world, of.id, 'Use Postgres, @everyone');
    await on.settle(of.id);
    await reply(on.world, of.id, 'word '.repeat(600));
    await on.settle(of.id);
    const [short, long] = (await on.thread(of.id)).slice(1);
    expect(short).toMatchObject({ content: '💬 Ada replied: Use Postgres, @everyone', isSilent: true });
    expect(long?.content).toMatch(/^💬 Ada replied: word .*all of it: `claude-task-client show 1`\)$/s);
    expect(on.stage.twin.pings).toEqual([]);
  });

  test('the same in a thread that slept through a restart', async () => {
    const of = await on.run();
    await on.settle(of.id);
    on.stage.twin.channel('claude-tasks').setBotRights({ deny: ['AttachFiles'] });
    on.stage.twin.channel((await on.thread(of.id))[0]?.channelId ?? '').archive();
    await on.restart();
    const text = 'A line of the report.\n'.repeat(400).trim();
    await on.report(of, [text]);
    await on.settle(of.id);
    await on.report(of, ['Go on.']);
    await on.settle(of.id);
    const shown = (await on.thread(of.id)).slice(1).map(({ content }) => content);
    expect(shown.join('\n')).toBe(`${text}\nGo on.`);
  });

  test('tools of one stretch are one card, and a text begins another', async () => {
    const of = await on.run();
    await on.report(of, [tool('Read: a.ts'), tool('Read: b.ts')]);
    await on.settle(of.id);
    await on.report(of, [tool('Bash: npm test · exit 1 · 3.2 s\nError: no')]);
    await on.settle(of.id);
    await on.report(of, ['Now I know.', tool('Edit: a.ts')]);
    await on.settle(of.id);
    const shown = await on.thread(of.id);
    expect(shown.slice(1).map(({ text }) => text)).toEqual([
      '🔧 3 steps\nRead: a.ts\nRead: b.ts\nBash: npm test · exit 1 · 3.2 s',
      'Now I know.',
      '🔧 1 step\nEdit: a.ts',
    ]);
    expect(shown[1]?.versions).toHaveLength(2);
  });

  test('a long command shows its time every 30 seconds', async () => {
    const of = await on.run();
    await on.settle(of.id);
    const startedAt = on.stage.clock.now();
    await on.report(of, [], { first: 0, activity: { text: 'Bash: npm run build', startedAt } });
    for (let passed = 0; passed < 100; passed += 5) {
      on.stage.clock.advance(2_000);
      await on.settle(of.id);
    }
    const card = (await on.thread(of.id))[1];
    const lines = card?.versions.map(({ embeds }) => embeds[0]?.description);
    expect(lines?.slice(0, 4)).toEqual([
      '⏳ Bash: npm run build',
      '⏳ Bash: npm run build · 30 s',
      '⏳ Bash: npm run build · 1 min',
      '⏳ Bash: npm run build · 1 min 30 s',
    ]);
    await on.report(of, [tool('Bash: npm run build · 1 min 40 s')], { activity: null });
    await on.settle(of.id);
    expect((await on.thread(of.id))[1]?.text).toBe('🔧 1 step\nBash: npm run build · 1 min 40 s');
  });

  test('a long command that ends without its line keeps one', async () => {
    const of = await on.run();
    await on.settle(of.id);
    const startedAt = on.stage.clock.now();
    await on.report(of, [], { first: 0, activity: { text: 'Bash: npm test', startedAt } });
    for (let passed = 0; passed < 40; passed += 4) await on.settle(of.id);
    expect((await on.thread(of.id))[1]?.text).toContain('⏳ Bash: npm test');
    await on.world.run(on.world.tasks.cancel(of.id, {}));
    await on.settle(of.id);
    expect((await on.thread(of.id))[1]?.text).toBe('🔧 1 step\nBash: npm test · stopped');
  });

  test('an option that has no button is shown with its number', async () => {
    const of = await on.run();
    const options = Array.from({ length: 25 }, (_option, at) => ({
      id: `o${at}`,
      label: `Choice ${at + 1}`,
    }));
    await ask(on.world, of, { kind: 'choice', title: 'Which?', options });
    await on.settle(of.id);
    expect((await on.thread(of.id)).at(-1)?.text).toContain('By its number in Other...: 25: Choice 25');
  });

  test('its list is one card', async () => {
    const of = await on.run();
    const list = (status: 'pending' | 'completed') => [{ text: 'Look', status }];
    await on.report(of, ['Go.'], { todo: list('pending') });
    await on.settle(of.id);
    await on.report(of, ['Went.'], { todo: list('completed') });
    await on.settle(of.id);
    const cards = (await on.thread(of.id)).filter(({ text }) => text.includes('📝'));
    expect(cards.map(({ text }) => text)).toEqual(['📝 1 of 1 step done\n✅ Look']);
    expect(cards[0]?.isSilent).toBe(true);
  });

  test('a question notifies the submitter, and then says who answered what', async () => {
    const of = await on.run();
    const { id } = await ask(on.world, of, { detail: 'rm -rf /tmp/x', rule: 'Bash(rm:*)' });
    await on.settle(of.id);
    const [, card] = await on.thread(of.id);
    expect(labels(card)).toEqual(['Allow once', 'Allow for this task', 'Deny']);
    expect(card?.text).toContain('Allow for this task allows: ```\nBash(rm:*)\n```');
    expect(on.stage.twin.pings).toMatchObject([{ messageId: card?.id, users: [alice()], isSilent: false }]);
    await answer(on.world, id, 'allow_once');
    await on.settle(of.id);
    const [, after] = await on.thread(of.id);
    expect(after?.text).toContain('Answered by Ada: Allow once');
    expect(labels(after)).toEqual([]);
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test('a reminder is a card of its own, and both lose their buttons', async () => {
    const of = await on.run();
    const { id } = await ask(on.world, of);
    await on.settle(of.id);
    on.stage.clock.advance(3_700_000);
    await on.world.run(on.world.runs.remind());
    await on.settle(of.id);
    expect(headlines(await on.thread(of.id)).slice(1)).toEqual([
      '❓ Run npm test?',
      '❓ Still open: Run npm test?',
    ]);
    expect(on.stage.twin.pings).toHaveLength(2);
    await answer(on.world, id, 'deny');
    await on.settle(of.id);
    expect((await on.thread(of.id)).flatMap(({ controls }) => controls).map(({ label }) => label)).toEqual([
      'Stop',
    ]);
  });

  test('the end is one new message that notifies the submitter; the channel is silent and links', async () => {
    const of = await on.run();
    await on.report(of, ['Working.']);
    await complete(of.id, of.leaseId, { summary: 'It is **deployed**.' });
    await on.settle(of.id);
    await on.stage.relay.run();
    const shown = await on.thread(of.id);
    expect(headlines(shown)).toEqual(['▶️ Run 1 of task #1 · w-1', 'Working.', '✅ Done · task #1']);
    expect(labels(shown[0])).toEqual([]);
    const end = shown[2];
    expect(labels(end)).toEqual(['Follow up']);
    for (const fact of [
      'It is **deployed**.',
      'Branch: claude/1-x',
      '2 files (+3 −1)',
      '$0.50',
      '100 in, 10 out',
      '2 turns',
    ]) {
      expect(end?.text).toContain(fact);
    }
    expect(on.stage.twin.pings).toMatchObject([{ messageId: end?.id, users: [alice()], isSilent: false }]);
    const line = on.stage.twin.channel('claude-tasks').messages.at(-1);
    expect(line?.text).toContain(`✅ Task #1 Completed!`);
    expect(line?.text).toContain(`Thread: <#${String(end?.channelId)}>`);
    expect(line?.isSilent).toBe(true);
  });

  test('a run whose claim was never heard of leaves its number, and a button, to the next one', async () => {
    const of = await on.run();
    await on.settle(of.id);
    await on.world.run(on.world.tasks.undoClaim(of.leaseId));
    await on.settle(of.id);
    await begin(on.world, of.id, 'w-2');
    await on.settle(of.id);
    const shown = await on.thread(of.id);
    expect(headlines(shown)).toEqual(['▶️ Run 1 of task #1 · w-1', '▶️ Run 1 of task #1 · w-2']);
    expect(shown.map(labels)).toEqual([[], ['Stop']]);
  });

  test('a failed task can be tried again; then its buttons are gone', async () => {
    const of = await on.run();
    const failed = { error: 'No access.', retry: false, retryInMs: 0, report: report({ outcome: 'failed' }) };
    await on.world.run(on.world.tasks.fail(of.id, { leaseId: of.leaseId }, failed));
    await on.settle(of.id);
    const end = (await on.thread(of.id)).at(-1);
    expect(labels(end)).toEqual(['Follow up', 'Retry']);
    await on.world.run(on.world.tasks.requeue(of.id, {}));
    await on.settle(of.id);
    expect(labels((await on.thread(of.id)).at(-1))).toEqual([]);
    await begin(on.world, of.id);
    await on.settle(of.id);
    const shown = await on.thread(of.id);
    expect(headlines(shown).at(-1)).toBe('▶️ Run 2 of task #1 · w-1');
    expect(labels(shown.at(-2))).toEqual([]);
    expect(labels(shown.at(-1))).toEqual(['Stop']);
  });

  test('when it is behind, texts are joined over the tools between them, and none is lost', async () => {
    const of = await on.run();
    const all = Array.from({ length: 20 }, (_one, at) => [`Text ${at}.`, tool(`Read: ${at}.ts`)]).flat();
    await on.report(of, all);
    await on.settle(of.id);
    const shown = await on.thread(of.id);
    const texts = Array.from({ length: 20 }, (_one, at) => `Text ${at}.`).join('\n');
    expect(shown[1]?.content).toBe(texts);
    expect(shown[2]?.text).toMatch(/^🔧 20 steps\n… 14 steps before\nRead: 14.ts/);
    expect(shown).toHaveLength(3);
  });
});

test('the line of a card that lies in a thread leads to that thread, before anything was told there', async () => {
  const on = await openThreadStage({ relayStartsLater: true });
  const alice = on.stage.twin.user('alice');
  const place = on.stage.twin.channel('claude-tasks').startThread('Plans', alice.id);
  await alice.slash('task', { description: 'In here' }, { channel: place.id }).message();
  await on.stage.relay.run();
  const { leaseId } = await begin(on.world, 1);
  await on.world.run(on.world.tasks.complete(1, { leaseId }, { report: report() }));
  await on.stage.relay.run();
  const line = on.stage.twin.channel('claude-tasks').messages.at(-1);
  expect(line?.text).toContain(`Thread: <#${place.id}>`);
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});
