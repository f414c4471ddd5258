/** Plain messages in a task's thread, with THREAD_REPLIES on and off. */
import { afterEach, describe, expect, test } from 'vitest';
import { TransientError } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/ports.ts';
import type { DiscordConfig } from '../../../src/frontends/discord/index.ts';
import type { DiscordTwinOptions, TwinChannel, TwinMessage } from '../../support/discord-twin/index.ts';
import { finished, running } from './runs-on-stage.ts';
import { eventually, openStage, type Stage } from './stage.ts';

const INTENTS = { guilds: 1, guildMessages: 1 << 9, messageContent: 1 << 15 };

describe('replies in a thread', () => {
  let stage: Stage;
  let thread: TwinChannel;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.twin.unknownRoutes).toEqual([]);
    expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  let isLocked = false;
  const whileUnlocked = (store: Store): Store => ({
    ...store,
    decideOnce(work, once) {
      if (!isLocked) return store.decideOnce(work, once);
      return Promise.reject(new TransientError('The database is locked.', { retryAfterMs: 1_000 }));
    },
  });

  const open = async (config: Partial<DiscordConfig> = {}, twin: DiscordTwinOptions = {}) => {
    stage = await openStage({
      wrapStore: whileUnlocked,
      config: { threadReplies: true, ...config },
      twin: { allowedIntents: ['messageContent'], ...twin },
    });
    await person('alice').slash('task', { description: 'Deploy it' }).message();
    thread = stage.twin.channel('claude-tasks').startThread('#1 Deploy it', stage.twin.bot.id);
    await tellIn(1);
  };
  const tellIn = (taskId: number) =>
    stage.store
      .threads('discord')
      .save({ taskId, threadId: thread.id, seq: 0, state: '{}', isClosed: false });
  const person = (name: string, ...roles: string[]) => stage.twin.user(name, { roles });
  const say = (name: string, text: string, more: object = {}) =>
    person(name).say(text, { channel: thread.id, ...more });
  const replies = async (taskId = 1) =>
    (await stage.store.replies(taskId, 0)).map(({ authorName, text }) => `${authorName}: ${text}`);
  const signed = (message: TwinMessage) => stage.twin.waitFor(() => message.reactions[0]);
  const lines = () => thread.botMessages.map(({ content }) => content);
  /** Whatever was said before this has been heard. */
  const heardAll = async () => signed(say('alice', 'the last word'));

  test('the one who queued it is heard once, and a sign says when it counts', async () => {
    await open();
    expect(await signed(say('alice', 'Use Postgres'))).toBe('🕓');
    const of = await running(stage);
    expect(await signed(say('alice', 'And **tests**'))).toBe('👀');
    await finished(stage, of, { lastReply: 2 });
    expect(await signed(say('alice', 'One more'))).toBe('🔁');
    expect(await replies()).toEqual(['@alice: Use Postgres', '@alice: And **tests**', '@alice: One more']);
    expect(lines()).toEqual([]);
    expect((await stage.store.task(1))?.status).toBe('pending');
  });

  test('two messages in one breath reach the run in their order', async () => {
    await open();
    await running(stage);
    const said = Array.from({ length: 8 }, (_, n) => say('alice', `Part ${n}`));
    for (const message of said) await signed(message);
    expect(await replies()).toEqual(said.map(({ content }) => `@alice: ${content}`));
  });

  test('where the bot may set no sign, a silent line answers', async () => {
    await open();
    stage.twin.channel('claude-tasks').setBotRights({ deny: ['AddReactions'] });
    const said = say('alice', 'Use Postgres');
    const line = await stage.twin.waitFor(() => thread.botMessages[0]);
    expect(line).toMatchObject({ isSilent: true, replyTo: said.id });
    expect(line.content).toBe('💬 Task #1 takes it along when it is worked on next.');
    expect(stage.twin.pings).toEqual([]);
    expect(stage.twin.refused).toEqual([]);
  });

  test('edits, other bots and other places are no replies', async () => {
    await open();
    const said = say('alice', 'Use Postgres');
    await signed(said);
    person('alice').edit(said, 'Use MySQL');
    person('alice').say('not here', { channel: 'claude-tasks' });
    say('alice', '   ');
    await heardAll();
    expect(await replies()).toEqual(['@alice: Use Postgres', '@alice: the last word']);
  });

  test('a bystander is told once and privately, whatever they say', async () => {
    await open({ manageRoles: ['ops'] });
    say('bob', 'rm -rf /');
    say('bob', 'please?');
    say('bob', '', { files: [{ name: 'a.txt', content: 'x' }] });
    expect(await signed(person('oleg', 'ops').say('Go on', { channel: thread.id }))).toBe('🕓');
    await heardAll();
    const direct = stage.twin.requests.filter(({ path }) => path === '/users/@me/channels');
    expect(direct).toMatchObject([{ body: { recipient_id: person('bob').id } }]);
    const told = await stage.twin.waitFor(() =>
      stage.twin.requests.find(({ body }) => JSON.stringify(body ?? '').includes('was not passed on')),
    );
    expect((told.body as { content: string }).content).toContain('for holders of **ops**');
    expect(lines()).toEqual([]);
    expect(await replies()).toEqual(['@oleg: Go on', '@alice: the last word']);
  });

  test('what cannot be taken is said on the spot', async () => {
    await open();
    say('alice', '', { files: [{ name: 'a.txt', content: 'x' }] });
    const line = await stage.twin.waitFor(() => thread.botMessages[0]);
    expect(line.content).toContain('Files in a thread are not taken along');
    say('alice', 'See this', { files: [{ name: 'a.txt', content: 'x' }] });
    const second = await stage.twin.waitFor(() => thread.botMessages[1]);
    expect(second.content).toMatch(/^💬 Task #1 takes it along.*Files in a thread are not taken along/);
    expect(await replies()).toEqual(['@alice: See this']);
  });

  test('in a thread with several tasks the one that is worked on is meant, and named', async () => {
    await open();
    for (const description of ['Second', 'Third']) {
      await person('alice').slash('task', { description }, { channel: thread.id }).message();
    }
    await tellIn(2);
    await tellIn(3);
    await running(stage, 2);
    const before = thread.botMessages.length;
    say('alice', 'Use Postgres');
    const line = await stage.twin.waitFor(() => thread.botMessages[before]);
    expect(line.content).toBe('💬 The run of task #2 hears it at its next step.');
    expect([await replies(1), await replies(2), await replies(3)]).toEqual([
      [],
      ['@alice: Use Postgres'],
      [],
    ]);
  });

  test('a thread that slept is heard, though the library does not know it', async () => {
    await open();
    thread.archive();
    stage = await stage.restart();
    expect(await signed(say('alice', 'Wake up'))).toBe('🕓');
    expect(await replies()).toEqual(['@alice: Wake up']);
  });

  test('what is told twice after a cut line is taken once', async () => {
    await open();
    const said = say('alice', 'Use Postgres');
    await signed(said);
    const resumes = stage.twin.gateway.resumes;
    stage.twin.gateway.drop();
    say('alice', 'While you were away');
    await stage.twin.waitFor(() => stage.twin.gateway.resumes > resumes);
    await eventually(async () => (await replies()).length === 2);
    await heardAll();
    expect(await replies()).toEqual([
      '@alice: Use Postgres',
      '@alice: While you were away',
      '@alice: the last word',
    ]);
  });

  async function expectAllInOrder(): Promise<void> {
    await heardAll();
    expect(await replies()).toEqual([
      '@alice: Before',
      '@alice: First',
      '@alice: Second',
      '@alice: the last word',
    ]);
  }

  test('what is said while Athena is down is heard when it is back, once', async () => {
    await open();
    await signed(say('alice', 'Before'));
    await stage.stop();
    const missed = [say('alice', 'First'), say('bob', 'Me too'), say('alice', 'Second')];
    stage = await stage.restart();
    await signed(missed[2]!);
    stage = await stage.restart();
    await expectAllInOrder();
  });

  test('what could not be taken for long is heard before what is said later', async () => {
    await open();
    await signed(say('alice', 'Before'));
    isLocked = true;
    say('alice', 'First');
    const notYet = 'what was said in threads could not be heard yet';
    await eventually(() => {
      stage.clock.advance(1_000);
      return stage.logged(notYet).length > 0;
    });
    isLocked = false;
    await signed(say('alice', 'Second'));
    stage = await stage.restart();
    await expectAllInOrder();
  });

  test('a new session of the gateway looks for what it missed', async () => {
    await open();
    await signed(say('alice', 'Before'));
    const identifies = stage.twin.gateway.identifies.length;
    stage.twin.gateway.forgetSessions();
    stage.twin.gateway.drop();
    say('alice', 'In the gap');
    await stage.twin.waitFor(() => stage.twin.gateway.identifies.length > identifies, { timeoutMs: 15_000 });
    await eventually(async () => (await replies()).length === 2);
    expect(await replies()).toEqual(['@alice: Before', '@alice: In the gap']);
  }, 30_000);

  test('an answer of Discord that gets lost makes no second line', async () => {
    await open();
    stage.twin.channel('claude-tasks').setBotRights({ deny: ['AddReactions'] });
    const path = new RegExp(`/channels/${thread.id}/messages$`);
    stage.twin.fault({ method: 'POST', path }, { kind: 'cut', when: 'after' });
    say('alice', 'Use Postgres');
    await stage.twin.waitFor(() => thread.botMessages[0]);
    await eventually(() => {
      stage.clock.advance(100);
      return (
        stage.twin.requests.filter((call) => call.method === 'POST' && path.test(call.path)).length === 2
      );
    });
    await eventually(() => stage.twin.requests.at(-1)?.status === 200);
    expect(thread.botMessages).toHaveLength(1);
  });

  test('while it is off no intent is asked for, nothing is heard, and nothing of it later', async () => {
    await open({ threadReplies: false });
    expect(stage.twin.gateway.identifies.at(-1)?.intents).toBe(INTENTS.guilds);
    say('alice', 'Between us');
    stage = await stage.restart();
    expect(await replies()).toEqual([]);
  });

  test('on, it asks for messages and their content', async () => {
    await open();
    expect(stage.twin.gateway.identifies.at(-1)?.intents).toBe(
      INTENTS.guilds | INTENTS.guildMessages | INTENTS.messageContent,
    );
  });
});

test('without the intent in the portal Discord is off, and the log says what to switch', async () => {
  const stage = await openStage({ config: { threadReplies: true }, waitUntilReady: false });
  await expect(stage.frontEnd.ready()).rejects.toThrow(/Message Content Intent.*THREAD_REPLIES=off/);
  expect(stage.frontEnd.state()).toBe('failed');
  await stage.close();
});
