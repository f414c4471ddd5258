import { afterEach, describe, expect, test } from 'vitest';
import { DeliveryBlocked } from '../../../src/core/ports.ts';
import { TransientError } from '../../../src/core/errors.ts';
import { eventually, headlines, openStage, type Stage, type StageOptions } from './stage.ts';

const SEND = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
const EDIT = { method: 'PATCH', path: /^\/channels\/\d+\/messages\/\d+$/ };

describe('channels, threads and messages that come and go', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  async function open(options: StageOptions = {}) {
    stage = await openStage(options);
  }

  const channel = () => stage.twin.channel('claude-tasks');
  const submit = (description = 'Deploy') => stage.store.decide(stage.tasks.submit({ description }));
  const claim = (id: number) =>
    stage.store.decide(stage.tasks.claim(id, { instanceId: 'mac', instanceName: 'Mac' }));
  const caught = () => stage.relay.step().catch((error: unknown) => error);

  test('a card in another channel stays there; the lines lead to it', async () => {
    await open({ config: { notificationChannel: 'general' } });
    const card = await stage.twin.user('alice').slash('task', { description: 'Deploy' }).message();
    await claim(1);
    await stage.relay.run();
    await stage.store.decide(stage.tasks.complete(1, {}));
    await stage.relay.run();
    const url = `https://discord.com/channels/${stage.twin.guild.id}/${channel().id}/${card.id}`;
    const [line, end] = stage.twin.channel('general').messages;
    expect(line?.content).toBe(`🔄 Task #1 claimed by Mac · ${url}`);
    expect(end?.text).toContain(`Card: ${url}`);
    expect(channel().messages).toEqual([card]);
    expect(card.text).toContain('✅ Task Completed');
  });

  test('a deleted card is forgotten, never posted again', async () => {
    await open();
    await submit();
    await stage.relay.run();
    stage.twin.user('bob').deleteMessage(channel().messages[0]!);
    await claim(1);
    await stage.relay.run();
    expect(await stage.store.memory('discord').link(1, 'card')).toBeNull();
    expect(headlines(channel().messages)).toEqual(['🔄 Task #1 claimed by Mac']);
    await stage.store.decide(stage.tasks.complete(1, {}));
    await stage.relay.run();
    expect(headlines(channel().messages).at(-1)).toBe('✅ Task #1 Completed!');
  });

  test('a card whose channel or thread is gone is skipped', async () => {
    await open({ config: { notificationChannel: 'general' } });
    const thread = channel().startThread('work', stage.twin.user('alice').id);
    await stage.twin.user('alice').slash('task', { description: 'Deploy' }, { channel: thread.id }).message();
    await stage.relay.run();
    thread.remove();
    await claim(1);
    await stage.relay.run();
    expect(headlines(stage.twin.channel('general').messages)).toEqual([
      expect.stringContaining('claimed by Mac'),
    ]);
    expect(await stage.store.memory('discord').link(1, 'card')).toBeNull();
  });

  describe('a card in an archived thread', () => {
    async function archived() {
      await open({ config: { notificationChannel: 'general' } });
      const thread = channel().startThread('work', stage.twin.user('alice').id);
      const asked = stage.twin.user('alice').slash('task', { description: 'Deploy' }, { channel: thread.id });
      const card = await asked.message();
      await stage.relay.run();
      thread.archive();
      // The gateway tells in order: what comes after it has been heard, so has the archiving.
      await stage.twin.user('alice').slash('status').message();
      await claim(1);
      return card;
    }

    test.each([false, true])('is woken and edited (after a restart: %s)', async (restarted) => {
      const card = await archived();
      channel().setBotRights({ allow: ['ManageThreads'] });
      if (restarted) stage = await stage.restart();
      await stage.relay.run();
      expect(card.text).toContain('🔄 Task In Progress');
    });

    test('that may not be woken is left as it is, and the line is sent', async () => {
      const card = await archived();
      await stage.relay.run();
      expect(card.text).toContain('📋 Task Queued');
      expect(stage.texts()).toEqual([expect.stringContaining('🔄 Task #1 claimed by Mac')]);
    });
  });

  test('without its channel delivery is blocked, REST and commands go on, and it is found again', async () => {
    await open({ config: { notificationChannel: 'general' } });
    stage.twin.channel('general').remove();
    await submit();
    const error = await caught();
    expect(error).toBeInstanceOf(DeliveryBlocked);
    expect((error as Error).message).toContain('#general does not exist');
    await stage.twin.user('alice').slash('queue').message();
    stage.twin.guild.addChannel('general');
    await stage.relay.run();
    expect(headlines(stage.twin.channel('general').messages)).toEqual(['📋 Task Queued']);
  });

  test.each([['ViewChannel'], ['SendMessages']] as const)(
    'forbidden (%s): blocked until it is allowed',
    async (right) => {
      await open();
      channel().setBotRights({ deny: [right] });
      await submit();
      expect(await caught()).toBeInstanceOf(DeliveryBlocked);
      expect(await caught()).toBeInstanceOf(DeliveryBlocked);
      channel().setBotRights({});
      await stage.relay.run();
      expect(channel().messages).toHaveLength(1);
    },
  );

  test('a right given back unheard of is noticed all the same', async () => {
    await open({
      beforeStart: (twin) => {
        twin.channel('claude-tasks').setBotRights({ deny: ['SendMessages'] });
      },
    });
    await submit();
    expect(await caught()).toBeInstanceOf(DeliveryBlocked);
    stage.twin.gateway.forgetSessions();
    channel().setBotRights({});
    await stage.relay.run();
    expect(channel().messages).toHaveLength(1);
  });

  test('without Embed Links the plain form is sent', async () => {
    await open({
      beforeStart: (twin) => {
        twin.channel('claude-tasks').setBotRights({ deny: ['EmbedLinks'] });
      },
    });
    await submit();
    await stage.relay.run();
    expect(stage.texts()).toEqual(['📋 Task Queued #1 · 🟡 Medium · `claude-task-client show 1`']);
  });

  test('a forum takes no messages: blocked', async () => {
    await open({
      config: { notificationChannel: 'ideas' },
      beforeStart: (twin) => {
        twin.guild.addChannel('ideas', 'forum');
      },
    });
    await submit();
    expect(await caught()).toMatchObject({ name: 'DeliveryBlocked' });
  });

  test('refused content is sent in its plain form, with the mention', async () => {
    await open();
    const alice = stage.twin.user('alice');
    await alice.slash('task', { description: 'Deploy' }).message();
    await stage.relay.run();
    await stage.store.decide(stage.tasks.setStatus(1, {}, { status: 'cancelled' }));
    await stage.relay.run();
    await stage.store.decide(stage.tasks.requeue(1, {}));
    await claim(1);
    await stage.relay.run();
    await stage.store.decide(stage.tasks.complete(1, {}, 'Spam'));
    const body = { code: 200_000, message: 'Message was blocked by automatic moderation' };
    stage.twin.fault(SEND, { kind: 'status', status: 400, body });
    await stage.relay.run();
    expect(stage.texts().at(-1)).toBe(`${alice.mention} ✅ Task #1 Completed! \`claude-task-client show 1\``);
    expect(stage.twin.pings).toHaveLength(1);
  });

  test('refused in every form: logged, skipped, and the next event goes on', async () => {
    await open();
    await submit();
    await submit('Second');
    const body = { code: 50_035, message: 'Invalid Form Body' };
    stage.twin.fault(SEND, { kind: 'status', status: 400, body }, { times: 2 });
    await stage.relay.run();
    expect(stage.logged('discord refused the plain form too: message skipped')).toHaveLength(1);
    expect(stage.texts()).toHaveLength(1);
    expect(stage.texts()[0]).toContain('Second');
  });

  test('a refused card edit becomes its plain form', async () => {
    await open();
    await submit();
    await stage.relay.run();
    await claim(1);
    stage.twin.fault(EDIT, {
      kind: 'status',
      status: 400,
      body: { code: 50_035, message: 'Invalid Form Body' },
    });
    await stage.relay.run();
    expect(stage.texts()[0]).toBe('🔄 Task In Progress #1 · 🟡 Medium · `claude-task-client show 1`');
  });

  test('long rate limits go back to the relay with the time to wait', async () => {
    await open();
    await submit();
    stage.twin.fault(SEND, { kind: 'rate-limit', retryAfterMs: 60_000 });
    const error = await caught();
    expect(error).toBeInstanceOf(TransientError);
    expect((error as TransientError).retryAfterMs).toBeGreaterThanOrEqual(60_000);
  });

  test('an outage is waited out', async () => {
    await open();
    await stage.twin.beginOutage('refused');
    await submit();
    expect(await caught()).toBeInstanceOf(TransientError);
    await stage.twin.endOutage();
    await stage.relay.run();
    expect(stage.texts()).toHaveLength(1);
    await eventually(() => stage.frontEnd.state() === 'connected');
  });

  test('stopping does not wait for a delivery that Discord holds', async () => {
    await open();
    await submit();
    const held = stage.twin.fault(SEND, { kind: 'hold', when: 'before' });
    const delivering = caught();
    await stage.twin.waitFor(() => held.held === 1);
    await stage.stop();
    expect(await delivering).toBeInstanceOf(TransientError);
    await expect(stage.frontEnd.deliver({} as never)).rejects.toBeInstanceOf(TransientError);
  });

  test('after a long absence one message sums up, and cards are brought up to date', async () => {
    await open();
    await submit('First');
    await stage.relay.run();
    for (let count = 2; count <= 14; count += 1) await submit(`Task ${count}`);
    for (let id = 1; id <= 14; id += 1) {
      await claim(id);
      await stage.store.decide(stage.tasks.complete(id, {}));
    }
    stage.relay.loseNextResult();
    await expect(stage.relay.summarize()).rejects.toThrow('killed');
    stage.clock.advance(3_600_000);
    await stage.relay.summarize();
    const [card, summary, ...others] = channel().messages;
    expect(others).toEqual([]);
    expect(card?.text).toContain('✅ Task Completed');
    expect(summary?.text).toContain('13 queued, 14 claimed, 14 completed');
    expect(summary?.text).toContain('✅ #14 Task 14');
    expect(summary?.text).toContain('… and 4 more ended');
    expect(stage.twin.pings).toEqual([]);
  });
});
