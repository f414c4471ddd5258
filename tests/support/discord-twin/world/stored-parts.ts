import type { APIEmbed } from 'discord.js';
import { asList, asObject, isGiven, isObject, type JsonObject } from '../json.ts';
import type { Component } from './model.ts';

/**
 * What Discord makes of the parts of a message when it stores them. Whoever compares what was sent with what is
 * read back meets the difference.
 */
export function storedEmbed(embed: JsonObject): APIEmbed {
  const fields = asList(embed['fields']).map((field) => ({ inline: false, ...asObject(field) }));
  return trimTexts({ type: 'rich', ...embed, ...(fields.length === 0 ? {} : { fields }) });
}

/** Every component has a number; those without get the next free one, in order. */
export function storedComponents(value: unknown): Component[] {
  let last = 0;
  const number = (component: Component): Component => {
    last += 1;
    const children = component.components;
    const id = component['id'] ?? last;
    return { ...component, id, ...(children === undefined ? {} : { components: children.map(number) }) };
  };
  return (asList(value) as Component[]).map(number);
}

/** Texts lose the white space around them. */
function trimTexts(value: JsonObject): JsonObject {
  const trim = (entry: unknown): unknown => {
    if (typeof entry === 'string') return entry.trim();
    if (Array.isArray(entry)) return asList(entry).map(trim);
    return isObject(entry) ? trimTexts(entry) : entry;
  };
  const entries = Object.entries(value).filter(([, entry]) => isGiven(entry));
  return Object.fromEntries(entries.map(([key, entry]) => [key, trim(entry)]));
}
