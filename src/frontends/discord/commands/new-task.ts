/**
 * A new task, from a command or a form: answer first, then submit once per interaction, and make the reply the
 * task's card. The link is saved before the card is drawn, so that whatever fails after it, the relay can go on.
 */
import type { ChatInputCommandInteraction, ModalSubmitInteraction } from 'discord.js';
import type { SubmitTask } from '../../../core/edit-use-cases.ts';
import { CARD } from '../card-keeper.ts';
import { FRONT_END } from '../config.ts';
import { keepFiles, requireFit } from '../files.ts';
import { toRef, type Flight } from '../in-flight.ts';
import type { Outgoing } from '../outgoing.ts';
import type { Chosen } from '../pending-forms.ts';
import { givingBack, refusalOf } from '../refusals.ts';
import { shownName, type Link, type Turn } from '../turn.ts';
import { readDescription, readMachine, readPriority } from './options.ts';
import { readWishes, type Wishes } from './wishes.ts';

/** As it was given, not yet looked at. */
export interface Entered {
  readonly description: string;
  readonly priority: string | null;
  readonly machine: string | null;
  readonly chosen: Chosen;
}

type NewTask = Pick<SubmitTask, 'description' | 'priority' | 'target'> & Wishes;

type Asked = Turn<ChatInputCommandInteraction | ModalSubmitInteraction>;

export async function queueTask(turn: Asked, entered: Entered): Promise<void> {
  const { interaction, answer, kit } = turn;
  const { wanted, refused } = read(entered);
  if (wanted === null) {
    await answer.tell(refused);
    return;
  }
  const ref = toRef(interaction.channelId ?? '', interaction.id);
  const flight = kit.inFlight.begin(ref);
  let drawn = false;
  try {
    const replyId = await answer.defer('channel');
    const attachments = await keepFiles({ ...kit, apiUrl: kit.config.apiUrl }, entered.chosen.files ?? []);
    drawn = await submit(turn, { wanted: { ...wanted, attachments }, ref, replyId, flight });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    await answer.tell(givingBack(refusal, wanted.description));
  } finally {
    flight.end(drawn);
  }
}

type Read = { wanted: NewTask; refused: null } | { wanted: null; refused: Outgoing };

function read({ description, priority, machine, chosen }: Entered): Read {
  try {
    const wanted = {
      description: readDescription(description),
      priority: readPriority(priority),
      target: readMachine(machine),
      ...readWishes(chosen),
    };
    requireFit(chosen.files ?? []);
    return { wanted, refused: null };
  } catch (error) {
    const refused = refusalOf(error);
    if (refused === null) throw error;
    return { wanted: null, refused: givingBack(refused, description) };
  }
}

interface Submission {
  readonly wanted: NewTask & Pick<SubmitTask, 'attachments'>;
  readonly ref: string;
  /** The message that the card will stand in; null when Discord's answer was lost. */
  readonly replyId: string | null;
  readonly flight: Flight;
}

/** Resolves to whether the card has been drawn; if not, the relay draws it. */
async function submit({ interaction, answer, person, kit }: Asked, made: Submission): Promise<boolean> {
  const { wanted, ref, replyId, flight } = made;
  const { channelId } = interaction;
  const task = await kit.store.decide(
    kit.tasks.submit(
      {
        ...wanted,
        submittedBy: shownName(interaction),
        origin: { frontEnd: FRONT_END, ref },
        limits: person.limits,
      },
      person.caller,
    ),
  );
  try {
    const link = (to: Link) => kit.memory.save({ links: [{ taskId: task.id, kind: CARD, ...to }] });
    if (replyId !== null && channelId !== null) await link({ channelId, messageId: replyId });
    const card = await kit.cards.draw(task);
    if (!flight.isOurs()) return false;
    const shown = await answer.show(card);
    if (replyId === null) await link(shown);
    return true;
  } catch (error) {
    // The task stands whatever becomes of its reply, so nobody is told to try again.
    const reason = error instanceof Error ? error.message : 'unknown';
    kit.logger.info({ task_id: task.id, reason }, 'the relay draws the card of a new task');
    return false;
  }
}
