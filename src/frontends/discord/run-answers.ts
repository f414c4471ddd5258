/** Answers to questions: by a button or in words. The first one counts; whoever comes later is told whose that was. */
import type { BaseInteraction } from 'discord.js';
import { DomainError } from '../../core/errors.ts';
import type { Answer, Question } from '../../core/question.ts';
import { inline } from './text.ts';
import { shownName, type Kit, type Turn } from './turn.ts';

const ANSWER_LENGTH = 300;

export async function questionOf({ store }: Kit, id: number): Promise<Question> {
  const question = await store.question(id);
  if (question !== null) return question;
  throw new DomainError('task_not_found', `There is no question ${id}.`, { question_id: id });
}

/**
 * The interaction has been acknowledged; the question's own message shows the answer, so only news is told. Resolves
 * to whether this one counts.
 */
export async function giveAnswer(
  { interaction, answer, person, kit }: Turn<BaseInteraction>,
  before: Question,
  given: Answer,
): Promise<boolean> {
  const name = shownName(interaction);
  try {
    const after = await kit.store.decide(kit.runs.answer(before.id, { ...person.caller, name }, given));
    const isFirst = before.status === 'open' && after.answeredBy === name;
    if (!isFirst) await answer.tell(saidAlready(after));
    return isFirst;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_transition') throw error;
    await answer.tell(saidAlready(await questionOf(kit, before.id)));
    return false;
  }
}

export function saidAlready({ status, answer, answeredBy, options }: Question): string {
  if (status !== 'answered') {
    return 'This question is closed: its task has ended, its run went on, or a new one has asked again.';
  }
  const label = options.find(({ id }) => id === answer?.option)?.label ?? answer?.text ?? '';
  return `${inline(answeredBy ?? 'Somebody', 100)} has answered already: ${inline(label, ANSWER_LENGTH)}`;
}
