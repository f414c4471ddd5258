import type { APIEmbed } from 'discord.js';
import { FLAGS } from '../limits/message.ts';
import type { Component, TwinMessage } from './model.ts';

type Given = Pick<
  TwinMessage,
  | 'id'
  | 'channelId'
  | 'authorId'
  | 'type'
  | 'createdAt'
  | 'nonce'
  | 'interaction'
  | 'ephemeralFor'
  | 'replyTo'
  | 'flags'
>;

/** A message with nothing in it yet, and the questions that tests ask of it. */
export function makeMessage(given: Given): TwinMessage {
  return {
    ...given,
    content: '',
    embeds: [],
    components: [],
    attachments: [],
    mentions: { users: [], roles: [], everyone: false },
    editedAt: null,
    deletedAt: null,
    threadId: null,
    reactions: [],
    versions: [],
    get isEphemeral() {
      return (this.flags & FLAGS.ephemeral) !== 0;
    },
    get isLoading() {
      return (this.flags & FLAGS.loading) !== 0;
    },
    get isSilent() {
      return (this.flags & FLAGS.suppressNotifications) !== 0;
    },
    get text() {
      return [this.content, ...this.embeds.flatMap(embedTexts)].filter((text) => text !== '').join('\n');
    },
    get controls() {
      return this.components.flatMap(leaves);
    },
  };
}

function embedTexts(embed: APIEmbed): string[] {
  const fields = (embed.fields ?? []).map((field) => `${field.name}: ${field.value}`);
  const texts = [embed.author?.name, embed.title, embed.description, ...fields, embed.footer?.text];
  return texts.filter((text) => text !== undefined);
}

function leaves(component: Component): Component[] {
  return component.components === undefined ? [component] : component.components.flatMap(leaves);
}
