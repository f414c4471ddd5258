import { asList, asNumber, asObject, asText, isGiven, type JsonObject } from '../json.ts';
import { refuse } from '../refusals.ts';
import { checkChoices } from './choices.ts';
import { createForm, type Form } from './form.ts';

const CHAT_INPUT = 1;
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const MAX_TOTAL = 8_000;
const LIMITS: Readonly<Record<number, number>> = { 1: 100, 2: 15, 3: 15 };

/** A whole set of commands as PUT sends it. */
export function checkCommandSet(commands: readonly JsonObject[]): void {
  const form = createForm();
  commands.forEach((command, index) => {
    checkCommand(form, String(index), command);
  });
  const keys = commands.map((command) => `${commandType(command)}:${String(command['name'])}`);
  keys.forEach((key, index) => {
    if (keys.indexOf(key) === index) return;
    form.fail(
      String(index),
      'APPLICATION_COMMANDS_DUPLICATE_NAME',
      'Application command names must be unique',
    );
  });
  form.refuseIfWrong();
  for (const [type, max] of Object.entries(LIMITS)) {
    const count = commands.filter((command) => commandType(command) === Number(type)).length;
    if (count > max) refuse('tooManyCommands');
  }
}

function commandType(command: JsonObject): number {
  return asNumber(command['type']) ?? CHAT_INPUT;
}

function checkCommand(form: Form, path: string, command: JsonObject): void {
  const name = command['name'];
  form.text(`${path}.name`, name, { min: 1, max: 32, required: true });
  if (commandType(command) !== CHAT_INPUT) {
    if (asText(command['description'])) {
      form.fail(`${path}.description`, 'APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED', 'Must be empty');
    }
    if (asList(command['options']).length > 0) {
      form.fail(
        `${path}.options`,
        'APPLICATION_COMMAND_OPTIONS_NOT_ALLOWED',
        'Context menus take no options',
      );
    }
    return;
  }
  checkName(form, `${path}.name`, name);
  form.text(`${path}.description`, command['description'], { min: 1, max: 100, required: true });
  checkOptions(form, `${path}.options`, command['options']);
  if (textLength(command) > MAX_TOTAL) {
    const message = `Command exceeds maximum size (${MAX_TOTAL})`;
    form.fail(path, 'APPLICATION_COMMAND_TOO_LARGE', message);
  }
}

function checkName(form: Form, path: string, name: unknown): void {
  if (typeof name !== 'string') return;
  if (!NAME.test(name) || name !== name.toLowerCase()) {
    form.fail(path, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid');
  }
}

function checkOptions(form: Form, path: string, value: unknown): void {
  const options = form.list(path, value, { max: 25 }).map(asObject);
  let hasOptional = false;
  options.forEach((option, index) => {
    checkOption(form, `${path}.${index}`, option);
    if (option['required'] !== true) hasOptional = true;
    else if (hasOptional) {
      const message = 'Required options must be placed before non-required options';
      form.fail(`${path}.${index}`, 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID', message);
    }
  });
  if (new Set(options.map((option) => option['name'])).size < options.length) {
    form.fail(path, 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS', 'Option name already exists');
  }
}

function checkOption(form: Form, path: string, option: JsonObject): void {
  form.text(`${path}.name`, option['name'], { min: 1, max: 32, required: true });
  checkName(form, `${path}.name`, option['name']);
  form.text(`${path}.description`, option['description'], { min: 1, max: 100, required: true });
  const type = asNumber(option['type']) ?? 0;
  if (type < 1 || type > 11)
    form.fail(`${path}.type`, 'BASE_TYPE_CHOICES', 'Value must be one of (1, ..., 11).');
  form.integer(`${path}.min_length`, option['min_length'], { min: 0, max: 6_000 });
  form.integer(`${path}.max_length`, option['max_length'], { min: 1, max: 6_000 });
  if (type <= 2) checkOptions(form, `${path}.options`, option['options']);
  if (!isGiven(option['choices'])) return;
  const choices = checkChoices(form, `${path}.choices`, { value: option['choices'], optionType: type });
  if (option['autocomplete'] === true && choices.length > 0) {
    form.fail(
      `${path}.choices`,
      'APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE',
      'Choices or autocomplete, not both',
    );
  }
}

/** What counts towards the 8,000 characters: names, descriptions and choice values at every depth. */
function textLength(part: JsonObject): number {
  const own = ['name', 'description', 'value'].reduce(
    (sum, key) => sum + (asText(part[key])?.length ?? 0),
    0,
  );
  const children = [...asList(part['options']), ...asList(part['choices'])].map(asObject);
  return own + children.reduce((sum, child) => sum + textLength(child), 0);
}
