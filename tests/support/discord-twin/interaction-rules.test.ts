import type { REST } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newRest, startTwin } from './fixture.ts';
import type { DiscordTwin, Invocation } from './index.ts';

const EPHEMERAL = 64;
const inputs = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({
    type: 1,
    components: [{ type: 4, custom_id: `i${index}`, label: 'Text', style: 1 }],
  }));
const form = (facts: object = {}): object => ({
  type: 9,
  data: { custom_id: 'form', title: 'Form', components: inputs(1), ...facts },
});
const choices = (count: number, facts: object = {}): object => ({
  type: 8,
  data: {
    choices: Array.from({ length: count }, (_, index) => ({ name: `#${index}`, value: index, ...facts })),
  },
});

describe('an interaction', () => {
  let twin: DiscordTwin;
  let rest: REST;
  let asked: Invocation;

  beforeEach(async () => {
    twin = await startTwin();
    rest = newRest(twin);
    const options = [{ name: 'id', description: 'Which', type: 4, autocomplete: true }];
    await rest.put(`/applications/${twin.bot.applicationId}/commands`, {
      body: [{ name: 'task', description: 'A task', options }],
    });
    asked = twin.user('alice').slash('task');
  });
  afterEach(() => twin.stop());

  const answer = (body: object, to: Invocation = asked): Promise<unknown> =>
    rest.post(`/interactions/${to.id}/${to.token}/callback`, { body, auth: false });
  const webhook = (token = asked.token) => `/webhooks/${twin.bot.applicationId}/${token}` as const;
  const later = (method: 'post' | 'patch', body: object): Promise<unknown> => {
    const path = method === 'post' ? webhook() : (`${webhook()}/messages/@original` as const);
    return rest[method](path, { body, auth: false });
  };

  test('is answered within 3 seconds or not at all', async () => {
    twin.advance(3_100);
    await expect(answer({ type: 5 })).rejects.toMatchObject({ status: 404, code: 10062 });
    await expect(asked.answer()).rejects.toThrow('did not respond');
    expect(twin.violations).toMatchObject([{ rule: 'unknownInteraction' }]);
  });

  test('is answered once', async () => {
    await answer({ type: 5 });
    await expect(answer({ type: 5 })).rejects.toMatchObject({ status: 400, code: 40060 });
  });

  test('keeps its token for 15 minutes after an answer', async () => {
    await answer({ type: 4, data: { content: 'a' } });
    twin.advance(14 * 60_000);
    await later('patch', { content: 'b' });
    twin.advance(2 * 60_000);
    await expect(later('patch', { content: 'c' })).rejects.toMatchObject({ status: 401, code: 50027 });
    const id = asked.original?.id ?? '';
    await rest.patch(`/channels/${twin.channel('claude-tasks').id}/messages/${id}`, {
      body: { content: 'd' },
    });
    expect(asked.original?.versions.map((version) => version.content)).toEqual(['a', 'b', 'd']);
  });

  test('has no webhook before it is answered', async () => {
    await expect(later('post', { content: 'a' })).rejects.toMatchObject({ status: 404, code: 10015 });
  });

  test('is public or private as its deferral said', async () => {
    await answer({ type: 5 });
    await later('post', { content: 'secret', flags: EPHEMERAL });
    expect(asked.original).toMatchObject({ content: 'secret', isEphemeral: false, isLoading: false });
    expect(asked.followUps).toEqual([]);
    expect(twin.violations).toMatchObject([{ rule: 'visibility' }]);
  });

  test('hides an ephemeral answer from the channel and its routes', async () => {
    await answer({ type: 5, data: { flags: EPHEMERAL } });
    await later('patch', { content: 'for alice' });
    const id = asked.original?.id ?? '';
    expect(twin.channel('claude-tasks').messages).toEqual([]);
    const path = `/channels/${twin.channel('claude-tasks').id}/messages/${id}` as const;
    await expect(rest.get(path)).rejects.toMatchObject({ code: 10008 });
    await expect(rest.patch(path, { body: { content: 'b' } })).rejects.toMatchObject({ code: 10008 });
  });

  test('shows a thinking message until the deferral is filled', async () => {
    await answer({ type: 5 });
    expect(asked.original).toMatchObject({ isLoading: true, flags: 128, content: '' });
    await later('patch', { content: 'done' });
    expect(asked.original).toMatchObject({ isLoading: false, flags: 0, editedAt: null });
  });

  test.each([
    ['a title of 46', { title: 'x'.repeat(46) }],
    ['no title', { title: '' }],
    ['no inputs', { components: [] }],
    ['6 inputs', { components: inputs(6) }],
    ['the same input twice', { components: [...inputs(1), ...inputs(1)] }],
    ['a custom id of 101', { custom_id: 'x'.repeat(101) }],
    [
      'a value of 4,001',
      {
        components: [
          {
            type: 1,
            components: [{ type: 4, custom_id: 'a', label: 'b', style: 1, value: 'x'.repeat(4_001) }],
          },
        ],
      },
    ],
    [
      'a label of 46',
      { components: [{ type: 18, label: 'x'.repeat(46), component: { type: 4, custom_id: 'a', style: 1 } }] },
    ],
  ])('refuses a form with %s', async (_name, facts) => {
    await expect(answer(form(facts))).rejects.toMatchObject({ code: 50035 });
    expect(asked.isAnswered).toBe(false);
  });

  test('opens no form in answer to a form', async () => {
    await answer(form());
    const submitted = twin.user('alice').submitModal(await asked.modal(), { Text: 'a' });
    await expect(answer(form(), submitted)).rejects.toMatchObject({ code: 50035 });
    await answer({ type: 4, data: { content: 'thanks' } }, submitted);
    const metadata = (await submitted.message()).interaction;
    expect(metadata).toMatchObject({ id: submitted.id, triggering: { id: asked.id } });
  });

  test('is updated only where there is a message', async () => {
    await expect(answer({ type: 6 })).rejects.toMatchObject({ code: 50035 });
    await expect(answer({ type: 7, data: { content: 'a' } })).rejects.toMatchObject({ code: 50035 });
    await expect(answer(choices(1))).rejects.toMatchObject({ code: 50035 });
  });

  test('completes with 25 choices of 100 characters at most, and is never deferred', async () => {
    const typing = twin.user('alice').autocomplete('task', { name: 'id', typed: '4' });
    await expect(answer({ type: 5 }, typing)).rejects.toMatchObject({ code: 50035 });
    await expect(answer(choices(26), typing)).rejects.toMatchObject({ code: 50035 });
    await expect(answer(choices(1, { name: 'x'.repeat(101) }), typing)).rejects.toMatchObject({
      code: 50035,
    });
    await expect(answer(choices(1, { value: 'text' }), typing)).rejects.toMatchObject({ code: 50035 });
    await answer(choices(25), typing);
    expect(await typing.choices()).toHaveLength(25);
  });

  test('refuses a button that is not there for this person', async () => {
    const components = [
      { type: 1, components: [{ type: 2, style: 1, label: 'Go', custom_id: 'go', disabled: true }] },
    ];
    await answer({ type: 4, data: { content: 'a', components, flags: EPHEMERAL } });
    const message = await asked.message();
    expect(() => twin.user('alice').clickButton(message, 'Go')).toThrow('grey');
    await later('patch', {
      components: [{ type: 1, components: [{ type: 2, style: 1, label: 'Go', custom_id: 'go' }] }],
    });
    expect(() => twin.user('bob').clickButton(message, 'Go')).toThrow('does not see');
  });
});
