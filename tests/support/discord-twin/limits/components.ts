import { asList, asNumber, asObject, asText, isGiven, type JsonObject } from '../json.ts';
import { checkAddress } from './embeds.ts';
import type { Form } from './form.ts';

const ACTION_ROW = 1;
const BUTTON = 2;
const STRING_SELECT = 3;
const SELECTS = new Set([STRING_SELECT, 5, 6, 7, 8]);
const LINK_STYLE = 5;
const PREMIUM_STYLE = 6;

/** Classic message components: rows of buttons, or of one select each. */
export function checkComponents(form: Form, value: unknown): void {
  const rows = form.list('components', value, { max: 5 });
  rows.forEach((row, index) => {
    checkRow(form, `components.${index}`, asObject(row));
  });
  checkUniqueIds(form, rows);
}

function checkRow(form: Form, path: string, row: JsonObject): void {
  if (row['type'] !== ACTION_ROW) {
    form.fail(`${path}.type`, 'BASE_TYPE_CHOICES', 'Value must be one of (1,).');
    return;
  }
  const children = form
    .list(`${path}.components`, row['components'], { min: 1, max: 5, required: true })
    .map(asObject);
  if (children.some((child) => child['type'] !== BUTTON) && children.length > 1) {
    form.fail(path, 'COMPONENT_LAYOUT_WIDTH_EXCEEDED', 'The specified component exceeds the maximum width');
  }
  children.forEach((child, index) => {
    checkChild(form, `${path}.components.${index}`, child);
  });
}

function checkChild(form: Form, path: string, child: JsonObject): void {
  const type = asNumber(child['type']) ?? 0;
  if (type === BUTTON) checkButton(form, path, child);
  else if (SELECTS.has(type)) checkSelect(form, path, child);
  else form.fail(`${path}.type`, 'BASE_TYPE_CHOICES', 'Value must be one of (2, 3, 5, 6, 7, 8).');
}

function checkButton(form: Form, path: string, button: JsonObject): void {
  const style = asNumber(button['style']) ?? 0;
  if (style < 1 || style > 6) {
    form.fail(`${path}.style`, 'BASE_TYPE_CHOICES', 'Value must be one of (1, 2, 3, 4, 5, 6).');
  }
  form.text(`${path}.label`, button['label'], { max: 80 });
  if (style === LINK_STYLE) {
    form.text(`${path}.url`, button['url'], { max: 512, required: true });
    checkAddress(form, `${path}.url`, button['url']);
    if (isGiven(button['custom_id'])) {
      form.fail(path, 'BUTTON_COMPONENT_CUSTOM_ID_URL', 'A custom id and url cannot both be specified');
    }
    return;
  }
  if (style === PREMIUM_STYLE) return;
  form.text(`${path}.custom_id`, button['custom_id'], { min: 1, max: 100, required: true });
  const isBlank = (asText(button['label']) ?? '').trim() === '' && !isGiven(button['emoji']);
  if (isBlank) form.fail(path, 'BUTTON_COMPONENT_INVALID_LABEL_OR_EMOJI', 'A label or emoji is required');
}

function checkSelect(form: Form, path: string, select: JsonObject): void {
  form.text(`${path}.custom_id`, select['custom_id'], { min: 1, max: 100, required: true });
  form.text(`${path}.placeholder`, select['placeholder'], { max: 150 });
  form.integer(`${path}.min_values`, select['min_values'], { min: 0, max: 25 });
  form.integer(`${path}.max_values`, select['max_values'], { min: 1, max: 25 });
  if (select['type'] !== STRING_SELECT) return;
  const options = form
    .list(`${path}.options`, select['options'], { min: 1, max: 25, required: true })
    .map(asObject);
  options.forEach((option, index) => {
    form.text(`${path}.options.${index}.label`, option['label'], { min: 1, max: 100, required: true });
    form.text(`${path}.options.${index}.value`, option['value'], { min: 1, max: 100, required: true });
    form.text(`${path}.options.${index}.description`, option['description'], { max: 100 });
  });
  const values = options.map((option) => option['value']);
  if (new Set(values).size < values.length) {
    form.fail(
      `${path}.options`,
      'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
      'The option value is duplicated',
    );
  }
}

function checkUniqueIds(form: Form, rows: unknown[]): void {
  const seen = new Set<string>();
  rows.forEach((row, rowIndex) => {
    asList(asObject(row)['components']).forEach((child, index) => {
      const id = asText(asObject(child)['custom_id']);
      if (id === undefined) return;
      if (seen.has(id)) {
        const path = `components.${rowIndex}.components.${index}.custom_id`;
        form.fail(path, 'COMPONENT_CUSTOM_ID_DUPLICATED', 'Component custom id cannot be duplicated');
      }
      seen.add(id);
    });
  });
}
