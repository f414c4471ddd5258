/**
 * The form for a new task: a long text, the priority, the project where workers serve any, and the machine where one
 * was asked for. What else was chosen before is kept aside meanwhile.
 */
import {
  ComponentType,
  TextInputStyle,
  type APIModalInteractionResponseCallbackData,
  type APIStringSelectComponent,
  type BaseInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import { TEXT_LIMITS, type Priority } from '../../../core/vocabulary.ts';
import type { Chosen } from '../pending-forms.ts';
import { givingBack } from '../refusals.ts';
import { says } from '../outgoing.ts';
import { block } from '../text.ts';
import type { Turn } from '../turn.ts';
import { announcedProjects } from './announced.ts';
import { queueTask } from './new-task.ts';
import { PRIORITY_CHOICES } from './options.ts';

const TASK_FORM = 'new-task';

const DESCRIPTION = 'description';
const PRIORITY = 'priority';
const PROJECT = 'project';
const MACHINE = 'machine';

const MOST_CHOICES = 25;

const FORGOTTEN =
  'Athena was restarted after this form was opened, and what belonged to it is gone. Nothing was queued: please begin again.';

const TOO_LATE =
  'This form was open for over an hour, and what belonged to it is gone. Nothing was queued: please begin again.';

export interface Prefilled {
  readonly description?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly machine?: string | undefined;
}

type FormParts = APIModalInteractionResponseCallbackData['components'];

export async function taskForm(
  { kit, interaction }: Turn<BaseInteraction>,
  given: Prefilled,
  chosen: Chosen,
): Promise<APIModalInteractionResponseCallbackData> {
  const { project, ...others } = chosen;
  const projects = projectNames([...(await announcedProjects(kit.store)).keys()], project);
  const hasMore = Object.keys(others).length > 0;
  if (hasMore) kit.forms.keep(interaction.id, others);
  return {
    custom_id: hasMore ? `${TASK_FORM}:${interaction.id}` : TASK_FORM,
    title: 'New task',
    components: [
      descriptionInput(given.description),
      labelled('Priority', {
        ...select(PRIORITY),
        options: PRIORITY_CHOICES.map(({ name, value }) => ({
          label: name,
          value,
          default: value === (given.priority ?? 'medium'),
        })),
      }),
      ...(projects.length === 0
        ? []
        : [
            labelled('Project', {
              ...select(PROJECT),
              placeholder: 'None: for people, and workers with a default',
              options: projects.map((name) => ({ label: name, value: name, default: name === project })),
            }),
          ]),
      ...(given.machine === undefined ? [] : [machineInput(given.machine)]),
    ],
  };
}

/** The given one first: what was asked for is offered, also when no worker serves it now. */
function projectNames(announced: readonly string[], given: string | undefined): readonly string[] {
  const all = new Set(given === undefined ? announced : [given, ...announced]);
  return [...all].slice(0, MOST_CHOICES);
}

function descriptionInput(description: string | undefined): FormParts[number] {
  return {
    type: ComponentType.Label,
    label: 'What is to be done?',
    component: {
      type: ComponentType.TextInput,
      custom_id: DESCRIPTION,
      style: TextInputStyle.Paragraph,
      min_length: 1,
      max_length: TEXT_LIMITS.description,
      required: true,
      ...(description !== undefined && { value: block(description, TEXT_LIMITS.description) }),
    },
  };
}

function select(name: string) {
  return { type: ComponentType.StringSelect, custom_id: name, required: false } as const;
}

function labelled(label: string, component: APIStringSelectComponent): FormParts[number] {
  return { type: ComponentType.Label, label, component };
}

function machineInput(machine: string): FormParts[number] {
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

export function isTaskForm(customId: string): boolean {
  return customId === TASK_FORM || customId.startsWith(`${TASK_FORM}:`);
}

export async function submitTaskForm(turn: Turn<ModalSubmitInteraction>): Promise<void> {
  const { interaction, answer, kit } = turn;
  const [, id] = interaction.customId.split(':');
  const chosen = id === undefined ? {} : kit.forms.find(id);
  if (chosen === null) {
    const why = kit.forms.isTooLate(id ?? '') ? TOO_LATE : FORGOTTEN;
    await answer.tell(givingBack(says(why), typedInForm(interaction)));
    return;
  }
  const project = valueOf(interaction, PROJECT);
  await queueTask(turn, {
    description: typedInForm(interaction),
    priority: valueOf(interaction, PRIORITY),
    machine: valueOf(interaction, MACHINE),
    chosen: { ...chosen, ...(project !== null && { project }) },
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
