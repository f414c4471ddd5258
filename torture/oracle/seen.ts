/** What stands in the twin's channel, as the oracle reads it. */
import type { DiscordTwin, TwinMessage } from '../../tests/support/discord-twin/index.ts';
import type { Channel, Shown } from './channel.ts';

type Version = Pick<TwinMessage['versions'][number], 'content' | 'embeds'>;

export function readChannel(twin: DiscordTwin, name: string): Channel {
  return {
    messages: twin
      .channel(name)
      .botMessages.filter((message) => !message.isLoading)
      .map((message) => ({
        id: message.id,
        first: shown(message.versions[0] ?? message),
        now: shown(message),
        isReply: message.interaction !== null,
      })),
    pings: twin.pings.map(({ messageId, users, roles, everyone }) => ({
      messageId,
      users,
      isWide: everyone || roles.length > 0,
    })),
  };
}

function shown({ content, embeds }: Version): Shown {
  const [embed] = embeds;
  return {
    content,
    title: embed?.title ?? '',
    description: embed?.description ?? '',
    fields: Object.fromEntries((embed?.fields ?? []).map(({ name, value }) => [name, value])),
  };
}
