import { asNumber, asObject, type JsonObject } from '../json.ts';
import { createForm, type Form } from './form.ts';

const ROW = 1;
const TEXT_INPUT = 4;
const TEXT_DISPLAY = 10;
const LABEL = 18;

/** A form: one to five components, each a text input in a row, or (newer) a label with its component. */
export function checkModal(data: JsonObject): void {
  const form = createForm();
  form.text('data.title', data['title'], { min: 1, max: 45, required: true });
  form.text('data.custom_id', data['custom_id'], { min: 1, max: 100, required: true });
  const parts = form
    .list('data.components', data['components'], { min: 1, max: 5, required: true })
    .map(asObject);
  const ids = parts.flatMap((part, index) => checkPart(form, `data.components.${index}`, part));
  if (new Set(ids).size < ids.length) {
    form.fail(
      'data.components',
      'COMPONENT_CUSTOM_ID_DUPLICATED',
      'Component custom id cannot be duplicated',
    );
  }
  form.refuseIfWrong();
}

/** Returns the custom ids it found. */
function checkPart(form: Form, path: string, part: JsonObject): unknown[] {
  if (part['type'] === ROW) {
    const inputs = form
      .list(`${path}.components`, part['components'], { min: 1, max: 1, required: true })
      .map(asObject);
    return inputs.map((input) => checkTextInput(form, `${path}.components.0`, { input, ownLabel: true }));
  }
  if (part['type'] === LABEL) {
    form.text(`${path}.label`, part['label'], { min: 1, max: 45, required: true });
    form.text(`${path}.description`, part['description'], { max: 100 });
    const input = asObject(part['component']);
    if (input['type'] !== TEXT_INPUT) return [input['custom_id']];
    return [checkTextInput(form, `${path}.component`, { input, ownLabel: false })];
  }
  if (part['type'] !== TEXT_DISPLAY) {
    form.fail(`${path}.type`, 'BASE_TYPE_CHOICES', 'Value must be one of (1, 10, 18).');
  }
  return [];
}

/** In a row the input names itself; inside a label it must not. */
function checkTextInput(form: Form, path: string, part: { input: JsonObject; ownLabel: boolean }): unknown {
  const { input } = part;
  if (input['type'] !== TEXT_INPUT) {
    form.fail(`${path}.type`, 'BASE_TYPE_CHOICES', 'Value must be one of (4,).');
  }
  form.text(`${path}.custom_id`, input['custom_id'], { min: 1, max: 100, required: true });
  form.text(`${path}.label`, input['label'], { min: 1, max: 45, required: part.ownLabel });
  form.text(`${path}.placeholder`, input['placeholder'], { max: 100 });
  form.text(`${path}.value`, input['value'], {
    max: Math.min(4_000, asNumber(input['max_length']) ?? 4_000),
  });
  form.integer(`${path}.style`, input['style'], { min: 1, max: 2 });
  form.integer(`${path}.min_length`, input['min_length'], { min: 0, max: 4_000 });
  form.integer(`${path}.max_length`, input['max_length'], { min: 1, max: 4_000 });
  return input['custom_id'];
}
