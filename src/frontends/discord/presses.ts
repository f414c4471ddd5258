/**
 * What each button does. A press is acknowledged, then the task is changed; its card is drawn by the relay alone,
 * so what stands there is always the newest state. Only the queue's own message is drawn here.
 */
import type { ButtonInteraction } from 'discord.js';
import { required } from '../../core/task.ts';
import { DomainError } from '../../core/errors.ts';
import type { Priority } from '../../core/vocabulary.ts';
import type { ButtonVerb } from './buttons.ts';
import { readQueuePage } from './queue-reader.ts';
import { actorOf, type Turn } from './turn.ts';

type ButtonTurn = Turn<ButtonInteraction>;

export interface ButtonAction {
  readonly changes: boolean;
  readonly run: (turn: ButtonTurn, number: number) => Promise<void>;
}

const HIGHER: Readonly<Record<Priority, Priority>> = { low: 'medium', medium: 'high', high: 'high' };

export const PRESSES: Readonly<Record<ButtonVerb, ButtonAction>> = {
  raise: {
    changes: true,
    async run({ interaction, answer, kit }, id) {
      await answer.deferUpdate();
      const task = required(await kit.store.task(id), id);
      const level = HIGHER[task.priority];
      await kit.store.decide(kit.tasks.changePriority(id, { actor: actorOf(interaction) }, level));
    },
  },
  cancel: {
    changes: true,
    async run({ interaction, answer, kit }, id) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.cancel(id, { actor: actorOf(interaction) }));
    },
  },
  requeue: {
    changes: true,
    async run({ interaction, answer, kit }, id) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.requeue(id, { actor: actorOf(interaction) }));
      await answer.tell(`📋 Task #${id} is back in the queue.`);
    },
  },
  'page-back': { changes: false, run: showPage },
  'page-on': { changes: false, run: showPage },
  refresh: { changes: false, run: showPage },
  pause: {
    changes: true,
    async run({ interaction, answer, kit }, page) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.pause(undefined, { actor: actorOf(interaction) }));
      await answer.show(await readQueuePage(kit, page));
    },
  },
  resume: {
    changes: true,
    async run({ interaction, answer, kit }, page) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.resume(undefined, { actor: actorOf(interaction) }));
      await answer.show(await readQueuePage(kit, page));
    },
  },
};

async function showPage({ answer, kit }: ButtonTurn, page: number): Promise<void> {
  await answer.deferUpdate();
  await answer.show(await readQueuePage(kit, page));
}

/** A button stands for ever, and its task did once: it has been retired since. */
export function toldAsGone(error: unknown): never {
  if (!(error instanceof DomainError) || error.code !== 'task_not_found') throw error;
  throw new DomainError(error.code, error.message.replace(/\.$/, ' any more.'), error.details);
}
