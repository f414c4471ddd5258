/** What else a task may ask for beside its text: project, capabilities, model, budget and files. */
import {
  ApplicationCommandOptionType,
  type APIApplicationCommandBasicOption,
  type Attachment,
  type ChatInputCommandInteraction,
} from 'discord.js';
import type { SubmitTask } from '../../../core/edit-use-cases.ts';
import { DomainError } from '../../../core/errors.ts';
import { TEXT_LIMITS } from '../../../core/vocabulary.ts';
import type { OfferedFile } from '../files.ts';
import type { Chosen } from '../pending-forms.ts';
import { optionText } from './options.ts';

export type Wishes = Pick<SubmitTask, 'project' | 'requires' | 'model' | 'budget'>;

const { String: Text, Number: Any, Integer: Whole, Attachment: File } = ApplicationCommandOptionType;

const MOST_REQUIRED = 10;
const LARGEST_BUDGET = 1e12;

export const WISH_OPTIONS: readonly APIApplicationCommandBasicOption[] = [
  {
    type: Text,
    name: 'project',
    description: 'The repository that is worked in',
    max_length: 32,
    autocomplete: true,
  },
  {
    type: Text,
    name: 'requires',
    description: 'What the machine must have, e.g. gpu; several with commas',
    max_length: 400,
    autocomplete: true,
  },
  {
    type: Text,
    name: 'model',
    description: 'The model; that of the project if left out',
    max_length: TEXT_LIMITS.name,
  },
  { type: File, name: 'file', description: 'A file that goes along, up to 10 MiB' },
  {
    type: Any,
    name: 'max_cost_usd',
    description: 'Stops to ask at this cost in US dollars',
    min_value: 0.01,
  },
  { type: Whole, name: 'max_tokens', description: 'Stops to ask after so many tokens', min_value: 1 },
  {
    type: Whole,
    name: 'max_turns',
    description: 'Stops to ask after so many answers of the model',
    min_value: 1,
  },
  {
    type: Any,
    name: 'max_minutes',
    description: 'Stops to ask after so many minutes of work',
    min_value: 0.1,
  },
];

export function chosenIn(interaction: ChatInputCommandInteraction): Chosen {
  const attachment = interaction.options.get('file')?.attachment;
  const texts = WISH_OPTIONS.filter(({ type }) => type !== File).flatMap(({ name }) => {
    const text = optionText(interaction, name);
    return text === null || text === '' ? [] : [[name, text] as const];
  });
  return {
    ...(Object.fromEntries(texts) as Chosen),
    ...(attachment != null && { files: [offered(attachment)] }),
  };
}

export function offered({ name, contentType, size, url }: Attachment): OfferedFile {
  return { name, type: contentType, bytes: size, url };
}

/** Throws `invalid_input`. */
export function readWishes(chosen: Chosen): Wishes {
  const { project, requires, model } = chosen;
  const budget = {
    costUsd: readBudget(chosen, 'max_cost_usd'),
    tokens: readBudget(chosen, 'max_tokens'),
    turns: readBudget(chosen, 'max_turns'),
    minutes: readBudget(chosen, 'max_minutes'),
  };
  return {
    ...(project !== undefined && { project: readProject(project) }),
    ...(requires !== undefined && { requires: readRequires(requires) }),
    ...(model !== undefined && { model: readModel(model) }),
    ...(Object.values(budget).some((value) => value !== null) && { budget }),
  };
}

function readProject(text: string): string {
  const name = text.trim().toLowerCase();
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) return name;
  throw no(
    'A project is a name of up to 32 characters (a-z, 0-9 and -), such as `notes`. Pick a suggestion.',
  );
}

function readRequires(text: string): readonly string[] {
  const words = text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((word) => word !== '');
  if (words.length > MOST_REQUIRED)
    throw no(`A task can ask for at most ${MOST_REQUIRED} things of a machine.`);
  if (words.every((word) => /^[a-z0-9-]{1,32}$/.test(word))) return words;
  throw no('What a machine must have is told in words of a-z, 0-9 and -, such as `docker, gpu`.');
}

function readModel(text: string): string {
  if (text.length <= TEXT_LIMITS.name && !/[\p{Cc}\s]/u.test(text)) return text;
  throw no(`A model is an id without spaces, of at most ${TEXT_LIMITS.name} characters.`);
}

type BudgetName = 'max_cost_usd' | 'max_tokens' | 'max_turns' | 'max_minutes';

function readBudget(chosen: Chosen, name: BudgetName): number | null {
  const text = chosen[name];
  if (text === undefined) return null;
  const value = Number(text);
  const isWhole = name === 'max_tokens' || name === 'max_turns';
  const isFit = value > 0 && value <= LARGEST_BUDGET && (!isWhole || Number.isSafeInteger(value));
  if (isFit) return value;
  throw no(`\`${name}\` is a ${isWhole ? 'whole ' : ''}number above 0.`);
}

const no = (message: string) => new DomainError('invalid_input', message);
