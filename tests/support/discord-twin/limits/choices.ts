import { asObject, type JsonObject } from '../json.ts';
import { createForm, type Form } from './form.ts';

export interface Choice {
  name: string;
  value: string | number;
}

/** The answer to an autocomplete; an empty list is fine. */
export function checkAutocompleteChoices(data: JsonObject, optionType: number): Choice[] {
  const form = createForm();
  const choices = checkChoices(form, 'data.choices', { value: data['choices'], optionType, required: true });
  form.refuseIfWrong();
  return choices;
}

export function checkChoices(
  form: Form,
  path: string,
  list: { value: unknown; optionType: number; required?: boolean },
): Choice[] {
  const isText = list.optionType === 3;
  return form.list(path, list.value, { max: 25, required: list.required === true }).map((entry, index) => {
    const { name, value } = asObject(entry);
    form.text(`${path}.${index}.name`, name, { min: 1, max: 100, required: true });
    if (isText) form.text(`${path}.${index}.value`, value, { min: 1, max: 100, required: true });
    else if (typeof value !== 'number') {
      form.fail(`${path}.${index}.value`, 'NUMBER_TYPE_COERCE', 'Value is not a number.');
    }
    return { name: String(name), value: typeof value === 'number' ? value : String(value) };
  });
}
