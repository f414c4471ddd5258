/** What people tell runs: from a command, a form or a thread alike. The run is told who said it. */
import type { BaseInteraction } from 'discord.js';
import { DomainError } from '../../core/errors.ts';
import type { Replied, ReplyText } from '../../core/reply-use-cases.ts';
import { TEXT_LIMITS } from '../../core/vocabulary.ts';
import { givingBack, refusalOf } from './refusals.ts';
import { whoMay } from './guard.ts';
import { shownName, type Turn } from './turn.ts';

export interface Told extends ReplyText {
  readonly taskId: number;
}

/** The interaction has been answered privately, or by a press. What cannot be taken is given back. */
export async function reply(turn: Turn<BaseInteraction>, told: Told): Promise<void> {
  const { answer, interaction, person, kit } = turn;
  try {
    const wanted = { text: readReply(told.text), now: told.now, limits: person.limits };
    const who = { ...person.caller, name: shownName(interaction) };
    const replied = await kit.store.decide(kit.runs.reply(told.taskId, who, wanted));
    await answer.tell(heardBy(replied));
  } catch (error) {
    const refusal = refusalOf(error, whoMay(interaction, 'steer', kit.config));
    if (refusal === null) throw error;
    await answer.tell(givingBack(refusal, told.text));
  }
}

export function readReply(text: string): string {
  const { reply: most } = TEXT_LIMITS;
  if (text.trim() === '') throw new DomainError('invalid_input', 'There is nothing in it: write what to do.');
  if (text.length > most) {
    const message = `A reply has at most ${most} characters; this one has ${text.length}.`;
    throw new DomainError('invalid_input', message);
  }
  if (text.includes('\u0000')) {
    throw new DomainError('invalid_input', 'A reply cannot hold NUL characters.');
  }
  return text;
}

/** When it will be heard, in a sentence. */
export function heardBy({ task, reply, delivery }: Replied): string {
  switch (delivery) {
    case 'now':
      return reply.now
        ? `💬 The run of task #${task.id} is interrupted with it.`
        : `💬 The run of task #${task.id} hears it at its next step.`;
    case 'next_run':
      return `💬 Task #${task.id} takes it along when it is worked on next.`;
    case 'follow_up':
      return `💬 Task #${task.id} is back in the queue and goes on with it.`;
  }
}
