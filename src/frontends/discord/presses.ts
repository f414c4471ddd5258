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
import type { Need } from './rights.ts';
import type { Turn } from './turn.ts';

type ButtonTurn = Turn<ButtonInteraction>;

export interface ButtonAction {
  readonly needs: Need;
  readonly run: (turn: ButtonTurn, number: number) => Promise<void>;
}

const HIGHER: Readonly<Record<Priority, Priority>> = { low: 'medium', medium: 'high', high: 'high' };

export const PRESSES: Readonly<Record<ButtonVerb, ButtonAction>> = {
  raise: {
    needs: 'change',
    async run({ answer, person, kit }, id) {
      await answer.deferUpdate();
      const task = required(await kit.store.task(id), id);
      const level = HIGHER[task.priority];
      await kit.store.decide(kit.tasks.changePriority(id, person.caller, level));
    },
  },
  cancel: {
    needs: 'change',
    async run({ answer, person, kit }, id) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.cancel(id, person.caller));
    },
  },
  requeue: {
    needs: 'change',
    async run({ answer, person, kit }, id) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.requeue(id, person.caller, person.limits));
      await answer.tell(`📋 Task #${id} is back in the queue.`);
    },
  },
  'page-back': { needs: 'look', run: showPage },
  'page-on': { needs: 'look', run: showPage },
  refresh: { needs: 'look', run: showPage },
  pause: {
    needs: 'manage',
    async run({ answer, person, kit }, page) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.pause(undefined, person.caller));
      await answer.show(await readQueuePage(kit, page));
    },
  },
  resume: {
    needs: 'manage',
    async run({ answer, person, kit }, page) {
      await answer.deferUpdate();
      await kit.store.decide(kit.tasks.resume(undefined, person.caller));
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
