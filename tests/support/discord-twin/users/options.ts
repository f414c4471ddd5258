import { asList, asNumber, asObject, asText, isGiven, type JsonObject } from '../json.ts';
import { isTwinFile, type TwinFile } from './files.ts';
import type { RegisteredCommand } from '../world/world.ts';

type OptionValue = string | number | boolean | TwinFile;
export type OptionValues = Readonly<Record<string, OptionValue | undefined>>;

const TEXT = 3;
const INTEGER = 4;
const BOOLEAN = 5;
const NUMBER = 10;
const ATTACHMENT = 11;

/**
 * The options as Discord's client would send them. It would not let a person send what the registration
 * forbids, so anything of that kind is an error of the test and throws.
 */
export function readOptions(
  command: RegisteredCommand,
  values: OptionValues,
  upload: (value: OptionValue) => string | undefined,
): JsonObject[] {
  const declared = asList(command['options']).map(asObject);
  const names = declared.map((option) => asText(option['name']) ?? '');
  const unknown = Object.keys(values).filter((name) => values[name] !== undefined && !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`/${command.name} has no option ${unknown.join(', ')}: ${names.join(', ')}`);
  return declared.flatMap((option) => {
    const name = asText(option['name']) ?? '';
    const value = values[name];
    if (value === undefined) {
      if (option['required'] === true) throw new Error(`/${command.name} needs the option ${name}.`);
      return [];
    }
    const complaint = complaintAbout(option, value);
    if (complaint !== undefined) throw new Error(`/${command.name} ${name}: ${complaint}`);
    return [{ name, type: option['type'], value: upload(value) ?? choiceValue(option, value) }];
  });
}

/** While typing nothing is checked and nothing is required; the option in focus is sent as text so far. */
export function partialOptions(
  command: RegisteredCommand,
  values: OptionValues,
  focused: { name: string; typed: string },
): { options: JsonObject[]; type: number } {
  const declared = asList(command['options']).map(asObject);
  const target = declared.find((option) => option['name'] === focused.name);
  if (target?.['autocomplete'] !== true) {
    throw new Error(`/${command.name} ${focused.name} is not registered with autocomplete.`);
  }
  const others = declared
    .filter((option) => option !== target && values[String(option['name'])] !== undefined)
    .map((option) => ({ name: option['name'], type: option['type'], value: values[String(option['name'])] }));
  const inFocus = { name: focused.name, type: target['type'], value: focused.typed, focused: true };
  return { options: [...others, inFocus], type: asNumber(target['type']) ?? TEXT };
}

/** People pick a choice by its name; its value is what travels. */
function choiceValue(option: JsonObject, value: OptionValue): unknown {
  const choices = asList(option['choices']).map(asObject);
  return choices.find((choice) => choice['name'] === value)?.['value'] ?? value;
}

function complaintAbout(option: JsonObject, value: OptionValue): string | undefined {
  const choices = asList(option['choices']).map(asObject);
  if (
    choices.length > 0 &&
    !choices.some((choice) => choice['value'] === value || choice['name'] === value)
  ) {
    return `${JSON.stringify(value)} is none of its choices`;
  }
  const check = CHECKS[asNumber(option['type']) ?? 0];
  return check?.(option, value);
}

type Check = (option: JsonObject, value: OptionValue) => string | undefined;

const within = (option: JsonObject, value: number): string | undefined => {
  const { min_value: min, max_value: max } = option;
  const isOut = (isGiven(min) && value < Number(min)) || (isGiven(max) && value > Number(max));
  return isOut ? `${value} is out of bounds` : undefined;
};

const CHECKS: Readonly<Record<number, Check>> = {
  [TEXT](option, value) {
    if (typeof value !== 'string' || value === '') return 'needs a text';
    const max = asNumber(option['max_length']) ?? 6_000;
    return value.length > max || value.length < (asNumber(option['min_length']) ?? 0)
      ? 'has a bad length'
      : undefined;
  },
  [INTEGER]: (option, value) =>
    Number.isInteger(value) ? within(option, Number(value)) : 'needs a whole number',
  [NUMBER]: (option, value) => (typeof value === 'number' ? within(option, value) : 'needs a number'),
  [ATTACHMENT]: (_option, value) => (isTwinFile(value) ? undefined : 'needs a file'),
  [BOOLEAN]: (_option, value) => (typeof value === 'boolean' ? undefined : 'needs true or false'),
};
