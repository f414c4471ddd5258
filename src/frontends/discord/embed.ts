/** Builds an embed that is always within Discord's limits, whatever went into it. */
import type { APIEmbed } from 'discord.js';
import { block, flat } from './text.ts';

export const EMBED_TEXT_LENGTH = 4096;

const LIMITS = {
  title: 256,
  description: EMBED_TEXT_LENGTH,
  fields: 25,
  name: 256,
  value: 1024,
  footer: 2048,
  total: 6000,
};

export interface Field {
  readonly name: string;
  readonly value: string;
  /** Takes the whole width; short facts stand side by side. */
  readonly isWide?: boolean;
}

export interface EmbedParts {
  readonly title: string;
  readonly colour: number;
  readonly description?: string | undefined;
  readonly fields?: readonly (Field | null)[];
  readonly footer?: string | undefined;
  /** Where the whole text is, if the description has to give way. */
  readonly pointer?: string;
}

export function embed(parts: EmbedParts): APIEmbed {
  const title = flat(parts.title, LIMITS.title);
  const footer = parts.footer === undefined ? undefined : flat(parts.footer, LIMITS.footer);
  const fields = (parts.fields ?? [])
    .filter((field) => field !== null)
    .slice(0, LIMITS.fields)
    .map(({ name, value, isWide }) => ({
      name: flat(name, LIMITS.name),
      value: block(value, LIMITS.value, parts.pointer),
      inline: isWide !== true,
    }));
  const used = fields.reduce((sum, field) => sum + field.name.length + field.value.length, 0);
  const room = LIMITS.total - used - title.length - (footer?.length ?? 0);
  const description =
    parts.description === undefined
      ? undefined
      : block(parts.description, Math.min(LIMITS.description, room), parts.pointer);
  return {
    title,
    color: parts.colour,
    ...(description !== undefined && { description }),
    ...(fields.length > 0 && { fields }),
    ...(footer !== undefined && { footer: { text: footer } }),
  };
}
