/**
 * Buttons and their ids. An id is a verb and a number (a task, or a page), never data: it outlives restarts,
 * and what it does is looked up when it is pressed.
 */
import { ButtonStyle, ComponentType, type APIButtonComponent } from 'discord.js';
import type { ButtonRow } from './outgoing.ts';

export const BUTTON_VERBS = [
  'raise',
  'cancel',
  'requeue',
  'page-back',
  'page-on',
  'refresh',
  'pause',
  'resume',
] as const;
export type ButtonVerb = (typeof BUTTON_VERBS)[number];

export interface Press {
  readonly verb: ButtonVerb;
  readonly number: number;
}

function buttonId({ verb, number }: Press): string {
  return `${verb}:${number}`;
}

export function readButtonId(customId: string): Press | null {
  const [verb, digits] = customId.split(':');
  const known = BUTTON_VERBS.find((name) => name === verb);
  if (known === undefined || !/^\d{1,15}$/.test(digits ?? '')) return null;
  return { verb: known, number: Number(digits) };
}

interface Look {
  readonly label: string;
  readonly style?: 'primary' | 'danger';
  readonly isOff?: boolean;
}

export function button(press: Press, look: Look): APIButtonComponent {
  return buttonWithId(buttonId(press), look);
}

/** One whose id is made elsewhere. */
export function buttonWithId(id: string, look: Look): APIButtonComponent {
  return {
    type: ComponentType.Button,
    style: styleOf(look.style),
    custom_id: id,
    label: look.label,
    ...(look.isOff === true && { disabled: true }),
  };
}

function styleOf(style: Look['style']) {
  if (style === 'danger') return ButtonStyle.Danger;
  return style === 'primary' ? ButtonStyle.Primary : ButtonStyle.Secondary;
}

export function row(...buttons: readonly APIButtonComponent[]): ButtonRow {
  return { type: ComponentType.ActionRow, components: [...buttons] };
}
