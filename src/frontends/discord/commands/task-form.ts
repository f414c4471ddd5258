/** The form for a new task: a long text, the priority, and the machine where one was asked for. */
import {
  ComponentType,
  TextInputStyle,
  type APIModalInteractionResponseCallbackData,
  type ModalSubmitInteraction,
} from 'discord.js';
import { TEXT_LIMITS, type Priority } from '../../../core/vocabulary.ts';
import { block } from '../text.ts';
import type { Turn } from '../turn.ts';
import { queueTask } from './new-task.ts';
import { PRIORITY_CHOICES } from './options.ts';

export const TASK_FORM = 'new-task';

const DESCRIPTION = 'description';
const PRIORITY = 'priority';
const MACHINE = 'machine';

export interface Prefilled {
  readonly description?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly machine?: string | undefined;
}

export function taskForm(given: Prefilled): APIModalInteractionResponseCallbackData {
  return {
    custom_id: TASK_FORM,
    title: 'New task',
    components: [
      {
        type: ComponentType.Label,
        label: 'What is to be done?',
        component: {
          type: ComponentType.TextInput,
          custom_id: DESCRIPTION,
          style: TextInputStyle.Paragraph,
          min_length: 1,
          max_length: TEXT_LIMITS.description,
          required: true,
          ...(given.description !== undefined && {
            value: block(given.description, TEXT_LIMITS.description),
          }),
        },
      },
      {
        type: ComponentType.Label,
        label: 'Priority',
        component: {
          type: ComponentType.StringSelect,
          custom_id: PRIORITY,
          required: false,
          options: PRIORITY_CHOICES.map(({ name, value }) => ({
            label: name,
            value,
            default: value === (given.priority ?? 'medium'),
          })),
        },
      },
      ...(given.machine === undefined ? [] : [machineInput(given.machine)]),
    ],
  };
}

function machineInput(machine: string): APIModalInteractionResponseCallbackData['components'][number] {
  return {
    type: ComponentType.Label,
    label: 'Only for this machine',
    component: {
      type: ComponentType.TextInput,
      custom_id: MACHINE,
      style: TextInputStyle.Short,
      max_length: TEXT_LIMITS.name,
      required: false,
      value: machine,
    },
  };
}

export async function submitTaskForm(turn: Turn<ModalSubmitInteraction>): Promise<void> {
  const { interaction } = turn;
  await queueTask(turn, {
    description: typedInForm(interaction),
    priority: valueOf(interaction, PRIORITY),
    machine: valueOf(interaction, MACHINE),
  });
}

export function typedInForm(interaction: ModalSubmitInteraction): string {
  return valueOf(interaction, DESCRIPTION) ?? '';
}

/** What was entered, whether typed or picked. */
function valueOf({ fields }: ModalSubmitInteraction, name: string): string | null {
  const field = fields.fields.get(name) as { value?: string; values?: readonly string[] } | undefined;
  return field?.values?.[0] ?? field?.value ?? null;
}
