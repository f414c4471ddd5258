/** The forms behind the buttons of runs: one long text for a task, or for a question. */
import {
  ComponentType,
  TextInputStyle,
  type APIModalInteractionResponseCallbackData,
  type ModalSubmitInteraction,
} from 'discord.js';
import type { Question } from '../../core/question.ts';
import { TEXT_LIMITS } from '../../core/vocabulary.ts';
import { givingBack, refusalOf } from './refusals.ts';
import { giveAnswer, questionOf } from './run-answers.ts';
import { optionTyped } from './run-buttons.ts';
import { readReply, reply } from './run-replies.ts';
import { whoMay } from './guard.ts';
import { flat } from './text.ts';
import type { Turn } from './turn.ts';

const FORMS = ['follow-up', 'answer-text'] as const;

/** The number is a task's for a follow-up, and a question's for an answer. */
export interface RunForm {
  readonly name: (typeof FORMS)[number];
  readonly number: number;
}

const TEXT = 'text';
const TITLE_LENGTH = 45;
const PLACEHOLDER_LENGTH = 100;

export function followUpForm(taskId: number): APIModalInteractionResponseCallbackData {
  return form(
    { name: 'follow-up', number: taskId },
    { title: `Follow up on #${taskId}`, label: 'What is next?' },
  );
}

export function answerForm({ id, title }: Question): APIModalInteractionResponseCallbackData {
  return form({ name: 'answer-text', number: id }, { title: 'Answer', label: 'Your answer', hint: title });
}

interface Words {
  readonly title: string;
  readonly label: string;
  readonly hint?: string;
}

function form({ name, number }: RunForm, words: Words): APIModalInteractionResponseCallbackData {
  return {
    custom_id: `${name}:${number}`,
    title: flat(words.title, TITLE_LENGTH),
    components: [
      {
        type: ComponentType.Label,
        label: words.label,
        component: {
          type: ComponentType.TextInput,
          custom_id: TEXT,
          style: TextInputStyle.Paragraph,
          min_length: 1,
          max_length: TEXT_LIMITS.reply,
          required: true,
          ...(words.hint !== undefined && { placeholder: flat(words.hint, PLACEHOLDER_LENGTH) }),
        },
      },
    ],
  };
}

/** Null: not one of these. */
export function readRunFormId(customId: string): RunForm | null {
  const [word, digits] = customId.split(':');
  const name = FORMS.find((known) => known === word);
  if (name === undefined || !/^\d{1,15}$/.test(digits ?? '')) return null;
  return { name, number: Number(digits) };
}

export async function submitRunForm(
  turn: Turn<ModalSubmitInteraction>,
  { name, number }: RunForm,
): Promise<void> {
  const text = typedInRunForm(turn.interaction);
  await turn.answer.defer('person');
  if (name === 'follow-up') await reply(turn, { taskId: number, text, now: false });
  else await answerInWords(turn, number, text);
}

export function typedInRunForm({ fields }: ModalSubmitInteraction): string {
  const field = fields.fields.get(TEXT) as { value?: unknown } | undefined;
  return typeof field?.value === 'string' ? field.value : '';
}

async function answerInWords(
  turn: Turn<ModalSubmitInteraction>,
  questionId: number,
  typed: string,
): Promise<void> {
  const { answer, interaction, kit } = turn;
  try {
    const question = await questionOf(kit, questionId);
    const option = optionTyped(question, typed);
    const given = option === null ? { option, text: readReply(typed) } : { option: option.id, text: null };
    const isFirst = await giveAnswer(turn, question, given);
    // Something has to stand where "thinking…" stood.
    if (isFirst) await answer.tell('💬 Answered.');
  } catch (error) {
    const refusal = refusalOf(error, whoMay(interaction, 'steer', kit.config));
    if (refusal === null) throw error;
    await answer.tell(givingBack(refusal, typed));
  }
}
