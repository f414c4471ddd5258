/**
 * What the buttons of runs do. A press is acknowledged before anything is changed; the messages that they stand under
 * are drawn by the relay alone. Whoever comes second is told what has been done already.
 */
import type { ButtonInteraction } from 'discord.js';
import { DomainError } from '../../core/errors.ts';
import { requireReach } from '../../core/person.ts';
import { required } from '../../core/task.ts';
import { giveAnswer, questionOf, saidAlready } from './run-answers.ts';
import type { RunPress, RunVerb } from './run-buttons.ts';
import { answerForm, followUpForm } from './run-forms.ts';
import { shownName, type Turn } from './turn.ts';

type Pressed = Turn<ButtonInteraction>;

export function pressRunButton(turn: Pressed, press: RunPress): Promise<void> {
  if (press.verb === 'answer') return pickOption(turn, press);
  if (press.verb === 'answer-text') return openAnswer(turn, press.questionId);
  return PRESSES[press.verb](turn, press.taskId);
}

const PRESSES: Readonly<Record<RunVerb, (turn: Pressed, taskId: number) => Promise<void>>> = {
  async stop({ interaction, answer, person, kit }, id) {
    await answer.deferUpdate();
    await kit.store.decide(kit.tasks.cancel(id, person.caller, `Stopped by ${shownName(interaction)}.`));
    await answer.tell(`🚫 Task #${id} is stopped. What it has done so far is kept.`);
  },

  /** Whoever may not use the form does not get it, so that nobody writes for nothing. */
  async 'follow-up'({ answer, person, kit }, id) {
    requireReach(required(await kit.store.task(id), id), person.caller);
    await answer.form(followUpForm(id));
  },

  async retry({ answer, person, kit }, id) {
    await answer.deferUpdate();
    await kit.store.decide(kit.tasks.requeue(id, person.caller, person.limits));
    await answer.tell(`📋 Task #${id} is back in the queue.`);
  },
};

async function pickOption(turn: Pressed, press: { questionId: number; place: number }): Promise<void> {
  await turn.answer.deferUpdate();
  const question = await questionOf(turn.kit, press.questionId);
  const option = question.options[press.place];
  if (option === undefined) {
    throw new DomainError('invalid_input', 'This question has no such option. Pick another one.');
  }
  await giveAnswer(turn, question, { option: option.id, text: null });
}

/** Whoever may not use the form does not get it, and nobody gets one for a question that is answered. */
async function openAnswer({ answer, person, kit }: Pressed, questionId: number): Promise<void> {
  const question = await questionOf(kit, questionId);
  requireReach(required(await kit.store.task(question.taskId), question.taskId), person.caller);
  if (question.status === 'open') await answer.form(answerForm(question));
  else await answer.tell(saidAlready(question));
}
