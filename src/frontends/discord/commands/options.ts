/** Options as people give them, turned into values that the rest can trust. */
import {
  ApplicationCommandOptionType,
  type APIApplicationCommandStringOption,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { DomainError } from '../../../core/errors.ts';
import { PRIORITIES, TEXT_LIMITS, type Priority } from '../../../core/vocabulary.ts';
import { FRONT_END } from '../config.ts';
import { flat } from '../text.ts';
import type { Choice, Turn } from '../turn.ts';
import { PRIORITY_DOTS, PRIORITY_LABELS, STATUS_LOOKS } from '../words.ts';

const SUGGESTIONS = 25;
const ENDED_LOOKED_AT = 100;

type Asking = Turn<AutocompleteInteraction>;

export const PRIORITY_CHOICES = PRIORITIES.map((value) => ({ name: PRIORITY_LABELS[value], value }));

export const TASK_ID_OPTION: APIApplicationCommandStringOption = {
  type: ApplicationCommandOptionType.String,
  name: 'task_id',
  description: 'Number of the task, or words of its description',
  required: true,
  autocomplete: true,
};

/** Whatever kind of value the client sent: an old one may still send numbers. */
export function optionText({ options }: ChatInputCommandInteraction, name: string): string | null {
  const value = options.get(name)?.value;
  return value === undefined ? null : String(value).trim();
}

export function readTaskId(text: string | null): number {
  const digits = /^#?\s*(\d{1,15})$/.exec(text ?? '')?.[1];
  const id = Number(digits ?? 0);
  if (id > 0) return id;
  throw new DomainError(
    'invalid_input',
    'That is no task number. Give a number such as `5`, or pick one of the suggestions.',
  );
}

export function readPriority(text: string | null | undefined): Priority | undefined {
  if (text == null || text === '') return undefined;
  const wanted = text.trim().toLowerCase();
  const priority = PRIORITIES.find((name) => name === wanted);
  if (priority !== undefined) return priority;
  throw new DomainError('invalid_input', `A priority is one of ${PRIORITIES.join(', ')}.`);
}

export function readDescription(text: string): string {
  const { description } = TEXT_LIMITS;
  if (text.trim() === '') throw new DomainError('invalid_input', 'A task needs a description.');
  if (text.length > description) {
    const message = `A description has at most ${description} characters; this one has ${text.length}.`;
    throw new DomainError('invalid_input', message);
  }
  if (text.includes('\u0000')) {
    throw new DomainError('invalid_input', 'A description cannot hold NUL characters.');
  }
  return text;
}

export function readMachine(text: string | null | undefined): string | undefined {
  if (text == null || text.trim() === '') return undefined;
  const machine = text.trim();
  if (machine.length > TEXT_LIMITS.name || /\p{Cc}/u.test(machine)) {
    const message = `A machine's name has at most ${TEXT_LIMITS.name} characters and no control characters.`;
    throw new DomainError('invalid_input', message);
  }
  return machine;
}

/** Only tasks that this person may change. */
export async function suggestTasks({ person, kit }: Asking, typed: string): Promise<Choice[]> {
  const wanted = typed.trim().replace(/^#/, '');
  const { actor, reach } = person.caller;
  const tasks = await kit.store.searchOpenTasks(wanted, SUGGESTIONS, reach === 'own' ? actor : undefined);
  return tasks.slice(0, SUGGESTIONS).map((task) => ({
    name: flat(`#${task.id} ${PRIORITY_DOTS[task.priority]} ${task.description}`, 100),
    value: String(task.id),
  }));
}

/** Also those that have ended: a reply has them go on. In a thread its own task comes first. */
export async function suggestTasksToSteer(turn: Asking, typed: string): Promise<Choice[]> {
  const open = await suggestTasks(turn, typed);
  const { actor, reach } = turn.person.caller;
  const wanted = typed.trim().replace(/^#/, '').toLowerCase();
  const ended = (await turn.kit.store.recentlyFinished(ENDED_LOOKED_AT))
    .filter(({ createdBy }) => reach === 'any' || createdBy === actor)
    .filter(({ id, description }) => `${id}`.startsWith(wanted) || description.toLowerCase().includes(wanted))
    .map((task) => ({
      name: flat(`#${task.id} ${STATUS_LOOKS[task.status].icon} ${task.description}`, 100),
      value: String(task.id),
    }));
  const here = await idsHere(turn);
  const isHere = ({ value }: Choice) => here.has(String(value));
  const all = [...open, ...ended];
  return [...all.filter(isHere), ...all.filter((choice) => !isHere(choice))].slice(0, SUGGESTIONS);
}

async function idsHere({ interaction, kit }: Asking): Promise<ReadonlySet<string>> {
  const ids = await kit.store.threads(FRONT_END).tasksIn(interaction.channelId, SUGGESTIONS);
  return new Set(ids.map(String));
}

export async function suggestMachines({ kit: { store } }: Asking, typed: string): Promise<Choice[]> {
  const wanted = typed.trim().toLowerCase();
  const instances = await store.instances();
  return instances
    .filter(({ id, name }) => id.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted))
    .slice(0, SUGGESTIONS)
    .map(({ id, name, status }) => ({ name: flat(`${name} (${status})`, 100), value: id }));
}
