import { afterEach, describe, expect, test } from 'vitest';
import { TransientError } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/ports.ts';
import { eventually, openStage, type Stage } from './stage.ts';

const LOCKED = new TransientError('SQLITE_BUSY: database is locked (/secret/path/tasks.db)', {
  retryAfterMs: 1_000,
});

describe('when the database or Discord is in trouble', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
  });

  /** Writes wait until they are let go, as they do while another program holds the lock. */
  function lockable() {
    const lock: { isOn: boolean; fail: (() => void)[] } = { isOn: true, fail: [] };
    const wrapStore = (store: Store): Store => ({
      ...store,
      decide: (work) =>
        lock.isOn
          ? new Promise((_resolve, reject) => {
              lock.fail.push(() => {
                reject(LOCKED);
              });
            })
          : store.decide(work),
    });
    return { lock, wrapStore };
  }

  test('the database locked for over 5 s: acknowledged at once, then a clear word and the text back', async () => {
    const { lock, wrapStore } = lockable();
    stage = await openStage({ wrapStore });
    const alice = stage.twin.user('alice');
    const asked = alice.slash('task', { description: 'A text that took long to write' });
    expect(await asked.answer()).toMatchObject({ kind: 'deferred' });
    await eventually(() => lock.fail.length === 1);
    stage.clock.advance(5_000);
    lock.fail.forEach((fail) => {
      fail();
    });
    const told = await asked.followUp();
    expect(told.isEphemeral).toBe(true);
    expect(told.content).toContain('try again in a moment');
    expect(told.text).toContain('A text that took long to write');
    expect(told.text).not.toContain('secret');
    expect(stage.twin.channel('claude-tasks').messages).toEqual([]);
    lock.isOn = false;
    await alice.slash('task', { description: 'Again' }).message();
    expect(stage.twin.violations).toEqual([]);
  });

  test('a line that is lost during a stop is no news, and what is under way is still answered', async () => {
    const { lock, wrapStore } = lockable();
    stage = await openStage({ wrapStore });
    const asked = stage.twin.user('alice').slash('task', { description: 'x' });
    await eventually(() => lock.fail.length === 1);
    const stopping = stage.frontEnd.stop();
    stage.twin.gateway.drop();
    await stage.twin.waitFor(() => stage.twin.gateway.connected === 0);
    await stage.twin.waitFor(() => stage.twin.gateway.connected === 1);
    lock.fail.forEach((fail) => {
      fail();
    });
    expect((await asked.followUp()).content).toContain('try again in a moment');
    await stopping;
    expect(stage.logged('discord connection lost, reconnecting')).toEqual([]);
  });

  test('the same for commands and buttons', async () => {
    const { lock, wrapStore } = lockable();
    stage = await openStage({ wrapStore });
    const alice = stage.twin.user('alice');
    await stage.store.decide(stage.tasks.submit({ description: 'x' }));
    await stage.relay.run();
    const [card] = stage.twin.channel('claude-tasks').messages;
    const cancelled = alice.slash('cancel', { task_id: '1' });
    const pressed = alice.clickButton(card!, 'Cancel');
    await Promise.all([cancelled.answer(), pressed.answer()]);
    await eventually(() => lock.fail.length === 2);
    lock.fail.forEach((fail) => {
      fail();
    });
    expect((await cancelled.message()).content).toContain('try again in a moment');
    expect((await pressed.followUp()).content).toContain('try again in a moment');
    // Looking needs no lock.
    await alice.slash('queue').message();
    expect(stage.twin.violations).toEqual([]);
  });

  test('suggestions that are slow or fail are an empty list in time', async () => {
    const never = new Promise<never>(() => undefined);
    let isAsked = false;
    let answer: () => Promise<never> = () => {
      isAsked = true;
      return never;
    };
    stage = await openStage({ wrapStore: (store) => ({ ...store, searchOpenTasks: () => answer() }) });
    const ask = () => stage.twin.user('alice').autocomplete('cancel', { name: 'task_id', typed: 'x' });
    const slow = ask();
    await eventually(() => isAsked);
    stage.clock.advance(2_000);
    expect(await slow.choices()).toEqual([]);
    answer = () => Promise.reject(new Error('broken'));
    expect(await ask().choices()).toEqual([]);
    expect(stage.twin.violations).toEqual([]);
  });

  test('a bug is logged with its stack; the person gets one plain sentence', async () => {
    stage = await openStage({
      wrapStore: (store) => ({
        ...store,
        counts: () => Promise.reject(new Error('SELECT secret FROM /path')),
      }),
    });
    const answer = await stage.twin.user('alice').slash('status').message();
    expect(answer).toMatchObject({ isEphemeral: true });
    expect(answer.text).toBe('Something went wrong. It is in the log; please try again.');
    const queue = stage.twin.user('alice').slash('queue');
    expect((await queue.followUp()).isEphemeral).toBe(true);
    expect(stage.twin.channel('claude-tasks').messages).toEqual([]);
    expect(JSON.stringify(stage.logged('an interaction failed')[0]?.details)).toContain('SELECT secret');
  });

  test('an interaction that comes too late is logged and forgotten', async () => {
    stage = await openStage();
    const held = stage.twin.fault(
      { method: 'POST', path: /callback$/ },
      { kind: 'status', status: 404, body: { code: 10_062, message: 'Unknown interaction' } },
    );
    stage.twin.user('alice').slash('task', { description: 'x' });
    await stage.twin.waitFor(() => stage.logged('an interaction was over').length === 1);
    expect(held.hits).toBe(1);
    expect(stage.logged('an interaction was over')[0]).toMatchObject({
      level: 'info',
      details: { code: '10062' },
    });
    expect(await stage.store.task(1)).toBeNull();
    await stage.twin.user('alice').slash('queue').message();
  });

  test('an interaction that another process has answered is left alone', async () => {
    stage = await openStage();
    stage.twin.fault(
      { method: 'POST', path: /callback$/ },
      { kind: 'status', status: 400, body: { code: 40_060, message: 'Already acknowledged' } },
    );
    stage.twin.user('alice').slash('task', { description: 'x' });
    await stage.twin.waitFor(() => stage.logged('an interaction was over').length === 1);
    expect(await stage.store.task(1)).toBeNull();
  });

  test('no secret is ever logged', async () => {
    stage = await openStage();
    stage.twin.fault({ path: /callback$/ }, { kind: 'status', status: 500 }, { times: 6 });
    const asked = stage.twin.user('alice').slash('task', { description: 'x' });
    await stage.twin.waitFor(() => stage.log.some(({ message }) => message.startsWith('an interaction')));
    await stage.twin.user('alice').slash('queue').message();
    const text = JSON.stringify(stage.log);
    expect(text).not.toContain(asked.token);
    expect(text).not.toContain(stage.twin.token);
  });
});
