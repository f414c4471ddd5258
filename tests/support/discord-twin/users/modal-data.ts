import type { JsonObject } from '../json.ts';
import type { ModalInput, OpenModal } from '../world/interactions.ts';

/** By custom id or label. */
export type ModalValues = Readonly<Record<string, string | readonly string[]>>;

const TEXT_INPUT = 4;

/** A filled form as Discord sends it, in the layout in which it was opened. */
export function modalData(modal: OpenModal, values: ModalValues): JsonObject {
  const known = modal.inputs.flatMap((input) => [input.customId, input.label]);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`The form "${modal.title}" has no input ${unknown.join(', ')}.`);
  return {
    custom_id: modal.customId,
    components: modal.inputs.map((input, index) => {
      const filled = fill(input, values[input.customId] ?? values[input.label] ?? input.value);
      const id = index + 1;
      return input.isInLabel ? { type: 18, id, component: filled } : { type: 1, id, components: [filled] };
    }),
    resolved: {},
  };
}

/** Discord's client checks the lengths before it sends; a value that it would not send throws. */
function fill(input: ModalInput, given: string | readonly string[]): JsonObject {
  const frame = { type: input.type, custom_id: input.customId, id: 1 };
  const picked = typeof given === 'string' ? [given].filter((value) => value !== '') : given;
  if (input.type !== TEXT_INPUT) return { ...frame, values: picked };
  const value = String(given);
  if (value === '' && input.isRequired) throw new Error(`The form needs "${input.label}".`);
  const isTooShort = value !== '' && value.length < input.minLength;
  if (isTooShort || value.length > input.maxLength) throw new Error(`"${input.label}" has a bad length.`);
  return { ...frame, value };
}
