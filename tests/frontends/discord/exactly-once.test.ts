import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeliveryBlocked } from '../../../src/core/ports.ts';
import { TransientError } from '../../../src/core/errors.ts';
import { eventually, headlines, openStage, type Stage } from './stage.ts';

const SEND = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
const EDIT_REPLY = { method: 'PATCH', path: /^\/webhooks\/.*@original$/ };
const EDIT = { method: 'PATCH', path: /^\/channels\/\d+\/messages\/\d+$/ };

describe('each message reaches the channel exactly once', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  const channel = () => stage.twin.channel('claude-tasks');
  const submit = (description = 'Deploy') => stage.store.decide(stage.tasks.submit({ description }));
  const claim = (id: number) =>
    stage.store.decide(stage.tasks.claim(id, { instanceId: 'mac', instanceName: 'Mac' }));

  test('a nonce of at most 25 characters goes with each send, and is enforced', async () => {
    await submit();
    await stage.relay.run();
    const send = stage.twin.requests.find(({ method, path }) => method === 'POST' && SEND.path.test(path));
    const time = stage.clock.now().getTime().toString(36);
    expect(send?.body).toMatchObject({ nonce: `1.${time}.0`, enforce_nonce: true });
  });

  test.each([
    ['answered 502', { kind: 'status', status: 502, applied: true } as const],
    ['cut off', { kind: 'cut', when: 'after' } as const],
  ])('applied but %s: repeated with its nonce, and there once', async (_name, fault) => {
    await submit();
    stage.twin.fault(SEND, fault);
    await expect(stage.relay.step()).rejects.toThrow(TransientError);
    expect(stage.relay.inDoubtSince).not.toBeNull();
    await stage.relay.run();
    expect(channel().messages).toHaveLength(1);
    expect(await stage.store.memory('discord').link(1, 'card')).toMatchObject({
      messageId: channel().messages[0]?.id,
    });
  });

  test("nothing is repeated behind the relay's back", async () => {
    await submit();
    const fault = stage.twin.fault(SEND, { kind: 'status', status: 503 }, { times: 9 });
    await expect(stage.relay.step()).rejects.toThrow(TransientError);
    expect(fault.hits).toBe(1);
  });

  test('killed between sending and remembering: repeated within two minutes, and there once', async () => {
    await submit();
    stage.relay.loseNextResult();
    await expect(stage.relay.step()).rejects.toThrow('killed');
    stage.clock.advance(110_000);
    await stage.relay.run();
    expect(channel().messages).toHaveLength(1);
  });

  test.each(['line', 'card', 'end'])('a %s in doubt for an hour is found and adopted', async (kind) => {
    await submit('Earlier task');
    await submit();
    await stage.relay.step();
    if (kind !== 'card') await stage.relay.step();
    if (kind !== 'card') await claim(2);
    if (kind === 'end') {
      await stage.relay.run();
      await stage.store.decide(stage.tasks.complete(2, {}, '  Notes with\n\n  odd   spacing '));
    }
    stage.relay.loseNextResult();
    await expect(stage.relay.step()).rejects.toThrow('killed');
    const standing = channel().messages.length;
    // What others say meanwhile, and what we answer to them, is in the way.
    for (let count = 0; count < 120; count += 1) stage.twin.user('bob').say(`Chatter ${count}`);
    await stage.twin.user('bob').slash('task', { description: 'Deploy' }).message();
    stage.clock.advance(3_600_000);
    const sends = () =>
      stage.twin.requests.filter((call) => call.method === 'POST' && SEND.path.test(call.path));
    const before = sends().length;
    await stage.relay.step();
    expect(sends()).toHaveLength(before);
    expect(channel().botMessages).toHaveLength(standing + 1);
    if (kind !== 'card') return;
    await stage.relay.run();
    const link = await stage.store.memory('discord').link(2, 'card');
    expect(stage.twin.message(link!.messageId).interaction).toBeNull();
  });

  test('a card in doubt is known again although its task has moved on', async () => {
    await submit();
    stage.relay.loseNextResult();
    await expect(stage.relay.step()).rejects.toThrow('killed');
    await claim(1);
    stage.clock.advance(3_600_000);
    await stage.relay.run();
    expect(headlines(channel().messages)).toEqual(['🔄 Task In Progress', '🔄 Task #1 claimed by Mac']);
  });

  test('in doubt for an hour and not there: sent', async () => {
    await submit();
    stage.twin.fault(SEND, { kind: 'cut', when: 'before' });
    await expect(stage.relay.step()).rejects.toThrow(TransientError);
    stage.clock.advance(3_600_000);
    await stage.relay.run();
    expect(channel().messages).toHaveLength(1);
  });

  test('in doubt without the right to read history: blocked, whatever the empty list says', async () => {
    await submit();
    stage.relay.loseNextResult();
    await expect(stage.relay.step()).rejects.toThrow('killed');
    channel().setBotRights({ deny: ['ReadMessageHistory'] });
    stage.clock.advance(3_600_000);
    const error = await stage.relay.step().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DeliveryBlocked);
    expect((error as Error).message).toContain('Read Message History');
    channel().setBotRights({});
    await stage.relay.run();
    expect(channel().messages).toHaveLength(1);
  });

  test('a card edit that fails is tried again before anything is sent', async () => {
    await submit();
    await stage.relay.run();
    await claim(1);
    stage.twin.fault(EDIT, { kind: 'status', status: 500 });
    await expect(stage.relay.step()).rejects.toThrow(TransientError);
    expect(stage.relay.inDoubtSince).toBeNull();
    await stage.relay.run();
    expect(headlines(channel().messages)).toEqual(['🔄 Task In Progress', '🔄 Task #1 claimed by Mac']);
  });

  test('events that a later one of the same task follows draw no card', async () => {
    await submit();
    await stage.relay.run();
    await claim(1);
    await stage.store.decide(stage.tasks.complete(1, {}));
    await stage.relay.run();
    expect(channel().messages[0]?.versions.map(({ embeds }) => embeds[0]?.title)).toEqual([
      '📋 Task Queued',
      '✅ Task Completed',
    ]);
  });

  describe('a reply and its link', () => {
    const alice = () => stage.twin.user('alice');

    test('the relay waits while the handler is at work', async () => {
      const held = stage.twin.fault(EDIT_REPLY, { kind: 'hold', when: 'before' });
      alice().slash('task', { description: 'Deploy' });
      await stage.twin.waitFor(() => held.held === 1);
      const relayed = stage.relay.run();
      held.release();
      await relayed;
      expect(channel().messages).toHaveLength(1);
      expect(channel().messages[0]?.text).toContain('📋 Task Queued');
      expect(channel().messages[0]?.versions).toHaveLength(2);
    });

    test('after five seconds the relay makes the reply the card itself', async () => {
      const held = stage.twin.fault(EDIT_REPLY, { kind: 'hold', when: 'before' });
      alice().slash('task', { description: 'Deploy' });
      await stage.twin.waitFor(() => held.held === 1);
      const relayed = stage.relay.run();
      await eventually(() => {
        stage.clock.advance(1_000);
        return channel().messages[0]?.isLoading === false;
      });
      await relayed;
      held.release();
      expect(channel().messages).toHaveLength(1);
      expect(channel().messages[0]?.text).toContain('📋 Task Queued');
    });

    test('killed between commit and reply: the reply is found and becomes the card', async () => {
      const held = stage.twin.fault(EDIT_REPLY, { kind: 'hold', when: 'before' });
      alice().slash('task', { description: 'Deploy' });
      await stage.twin.waitFor(() => held.held === 1);
      await stage.store.memory('discord').save({ unlink: [{ taskId: 1, kind: 'card' }] });
      const gone = stage.restart();
      await eventually(() => {
        stage.clock.advance(1_000);
        return stage.twin.gateway.connected === 0;
      });
      stage = await gone;
      for (let count = 0; count < 130; count += 1) stage.twin.user('bob').say(`Chatter ${count}`);
      await stage.relay.run();
      expect(channel().botMessages).toHaveLength(1);
      expect(channel().botMessages[0]?.text).toContain('📋 Task Queued');
      await claim(1);
      await stage.relay.run();
      expect(headlines(channel().botMessages)).toEqual(['🔄 Task In Progress', '🔄 Task #1 claimed by Mac']);
    });

    test('killed before the reply could be sent: the card is posted like any other', async () => {
      const origin = { frontEnd: 'discord', ref: `${channel().id}:1461329068032999999` };
      await stage.store.decide(stage.tasks.submit({ description: 'Deploy', origin }));
      await stage.relay.run();
      expect(headlines(channel().messages)).toEqual(['📋 Task Queued']);
      expect(await stage.store.memory('discord').link(1, 'card')).not.toBeNull();
    });

    test('asked for in a channel that is gone: the card is posted in the notification channel', async () => {
      const origin = { frontEnd: 'discord', ref: '1461329068032777777:1461329068032999999' };
      await stage.store.decide(stage.tasks.submit({ description: 'Deploy', origin }));
      await stage.relay.run();
      expect(headlines(channel().messages)).toEqual(['📋 Task Queued']);
    });

    test('the reply cannot be looked for without history: blocked', async () => {
      const origin = { frontEnd: 'discord', ref: `${channel().id}:1461329068032999999` };
      await stage.store.decide(stage.tasks.submit({ description: 'Deploy', origin }));
      channel().setBotRights({ deny: ['ReadMessageHistory'] });
      await expect(stage.relay.step()).rejects.toThrow(/Read Message History/);
    });

    test('the reply edit fails: the task stands, nobody is told to repeat it, the relay draws the card', async () => {
      stage.twin.fault(EDIT_REPLY, { kind: 'status', status: 500 });
      alice().slash('task', { description: 'Deploy' });
      await eventually(async () => (await stage.store.memory('discord').link(1, 'card')) !== null);
      await stage.relay.run();
      expect(channel().messages).toHaveLength(1);
      expect(channel().messages[0]?.text).toContain('📋 Task Queued');
    });

    test('a first answer that was applied but answered 502 is not taken for a failure', async () => {
      stage.twin.fault(
        { method: 'POST', path: /^\/interactions\/.*\/callback$/ },
        { kind: 'status', status: 502, applied: true },
      );
      const card = await alice().slash('task', { description: 'Deploy' }).message();
      await stage.relay.run();
      expect(channel().messages).toEqual([card]);
    });
  });
});
