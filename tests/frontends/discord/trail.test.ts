/** Whatever a person does in Discord is found in a trail under their Discord id; what only looks leaves none. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUTTON_VERBS } from '../../../src/frontends/discord/buttons.ts';
import { COMMANDS } from '../../../src/frontends/discord/commands/index.ts';
import type { TwinMessage } from '../../support/discord-twin/index.ts';
import { eventually, openStage, type Stage } from './stage.ts';

/** A task of another person, its card, and who acts on it. */
interface Scene {
  readonly stage: Stage;
  readonly card: TwinMessage;
  readonly actor: ReturnType<Stage['twin']['user']>;
}

type Act = (scene: Scene) => Promise<unknown>;

const press =
  (label: string): Act =>
  ({ actor, card }) =>
    actor.clickButton(card, label).answer();

const onQueue =
  (...labels: readonly string[]): Act =>
  async ({ stage, actor }) => {
    for (let n = 0; n < 12; n += 1) await stage.store.decide(stage.tasks.submit({ description: `t ${n}` }));
    const page = await actor.slash('queue').message();
    for (const label of labels) await actor.clickButton(page, label, { evenIfGone: true }).answer();
  };

const cancelFirst: Act = ({ stage }) => stage.store.decide(stage.tasks.cancel(1, {}));

/** By command and by button, what is done and which action the trail shall name; null: it only looks. */
const WALK: Readonly<Record<string, { act: Act; before?: Act; action: string | null }>> = {
  task: { act: ({ actor }) => actor.slash('task', { description: 'x' }).message(), action: 'created' },
  'Queue as task': {
    async act({ actor, card }) {
      const form = await actor.messageCommand('Queue as task', card).modal();
      await actor.submitModal(form, { description: 'x' }).message();
    },
    action: 'created',
  },
  priority: {
    act: ({ actor }) => actor.slash('priority', { task_id: '1', level: 'low' }).message(),
    action: 'priority_changed',
  },
  cancel: { act: ({ actor }) => actor.slash('cancel', { task_id: '1' }).message(), action: 'cancelled' },
  queue: { act: ({ actor }) => actor.slash('queue').message(), action: null },
  status: { act: ({ actor }) => actor.slash('status').message(), action: null },
  done: { act: ({ actor }) => actor.slash('done').message(), action: null },
  usage: { act: ({ actor }) => actor.slash('usage').message(), action: null },
  reply: {
    // For a task of somebody else that takes its owner's word.
    before: ({ stage, actor }) => {
      stage.twin.guild.setOwner(actor.id);
      return Promise.resolve();
    },
    act: ({ actor }) => actor.slash('reply', { task_id: '1', text: 'x' }).message(),
    action: 'replied',
  },
  athena: { act: ({ actor }) => actor.slash('athena').message(), action: null },
  'button raise': { act: press('Raise priority'), action: 'priority_changed' },
  'button cancel': { act: press('Cancel'), action: 'cancelled' },
  'button requeue': {
    before: cancelFirst,
    act: ({ actor, card }) => actor.clickButton(card, 'requeue:1', { evenIfGone: true }).followUp(),
    action: 'requeued',
  },
  'button pause': { act: onQueue('pause:0'), action: 'queue_paused' },
  'button resume': {
    before: ({ stage }) => stage.store.decide(stage.tasks.pause()),
    act: onQueue('resume:0'),
    action: 'queue_resumed',
  },
  'button page-on': { act: onQueue('page-on:1'), action: null },
  'button page-back': { act: onQueue('page-back:0'), action: null },
  'button refresh': { act: onQueue('refresh:0'), action: null },
};

describe('the trail of what people do', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  /** Both trails, as far as this person stands in them. */
  async function actionsOf(person: { id: string }): Promise<string[]> {
    const { events } = await stage.store.adminEvents({ limit: 200 });
    const all = [...(await stage.store.eventsAfter('0', 1_000)), ...events];
    return all.filter(({ actor }) => actor === `discord:${person.id}`).map(({ action }) => action);
  }

  test('is walked for every command and every button there is', () => {
    const names = COMMANDS.map(({ definition }) => definition.name);
    const buttons = BUTTON_VERBS.map((verb) => `button ${verb}`);
    expect(Object.keys(WALK).sort()).toEqual([...names, ...buttons].sort());
  });

  test.each(Object.entries(WALK))('%s', async (_name, { before, act, action }) => {
    const bob = stage.twin.user('bob');
    const card = await bob.slash('task', { description: 'Of somebody else' }).message();
    const scene = { stage, card, actor: stage.twin.user('alice') };
    await before?.(scene);
    await act(scene);
    if (action !== null) await eventually(async () => (await actionsOf(scene.actor)).length > 0);
    expect(await actionsOf(scene.actor)).toEqual(action === null ? [] : [action]);
    expect(await actionsOf(bob)).toEqual(['created']);
  });
});
