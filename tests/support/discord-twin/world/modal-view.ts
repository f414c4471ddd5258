import { asList, asNumber, asObject, asText, type JsonObject } from '../json.ts';
import type { InteractionRecord, ModalInput, OpenModal } from './interactions.ts';

const LABEL = 18;

/** A modal as the person sees it: its inputs in order, whichever of the two layouts the bot used. */
export function readModal(data: JsonObject, openedBy: InteractionRecord): OpenModal {
  return {
    customId: asText(data['custom_id']) ?? '',
    title: asText(data['title']) ?? '',
    inputs: asList(data['components']).map(asObject).flatMap(readPart),
    body: data,
    openedBy,
  };
}

function readPart(part: JsonObject): ModalInput[] {
  if (part['type'] === LABEL) {
    const label = asText(part['label']) ?? '';
    return [readInput(asObject(part['component']), { label, isInLabel: true })];
  }
  return asList(part['components'])
    .map(asObject)
    .map((input) => readInput(input, { label: asText(input['label']) ?? '', isInLabel: false }));
}

/** Of a select: what is picked unless somebody picks something else. */
function pickedBefore(input: JsonObject): string {
  const options = asList(input['options']).map(asObject);
  return asText(options.find((option) => option['default'] === true)?.['value']) ?? '';
}

function readInput(input: JsonObject, frame: { label: string; isInLabel: boolean }): ModalInput {
  return {
    ...frame,
    customId: asText(input['custom_id']) ?? '',
    type: asNumber(input['type']) ?? 0,
    style: asNumber(input['style']) ?? 1,
    value: asText(input['value']) ?? pickedBefore(input),
    // Discord's default.
    isRequired: input['required'] !== false,
    minLength: asNumber(input['min_length']) ?? 0,
    maxLength: asNumber(input['max_length']) ?? 4_000,
  };
}
