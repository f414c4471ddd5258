/**
 * What we want to say, before it becomes a request. Rendering makes these and knows nothing of Discord's
 * routes; `toBody` is the one place that turns them into a body, and the one that says who may be notified.
 */
import {
  MessageFlags,
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIEmbed,
  type RESTPostAPIChannelMessageJSONBody,
} from 'discord.js';

export type ButtonRow = APIActionRowComponent<APIButtonComponent>;

export interface Outgoing {
  readonly content?: string;
  readonly embed?: APIEmbed;
  readonly rows?: readonly ButtonRow[];
  /** The one person to notify: the submitter, known from Discord itself. */
  readonly mention?: string;
  /** Makes no sound: progress, not news. */
  readonly isSilent?: boolean;
  /** One line of our own words, sent where Discord refuses the rest. */
  readonly plain: string;
  /** All that it says and asks in words, for where an embed is not shown; its buttons go along. */
  readonly bare?: string;
  /** Set on a card: the task it belongs to, by which a card is found again whatever state it shows. */
  readonly cardOf?: number;
}

export type MessageBody = Pick<
  RESTPostAPIChannelMessageJSONBody,
  'content' | 'embeds' | 'components' | 'allowed_mentions' | 'flags'
>;

/** Each body is complete: in an edit, what is not named goes away. Nobody is notified but `mention`. */
export function toBody(message: Outgoing): MessageBody {
  return {
    content: message.content ?? '',
    embeds: message.embed === undefined ? [] : [message.embed],
    components: [...(message.rows ?? [])],
    allowed_mentions: { parse: [], ...(message.mention !== undefined && { users: [message.mention] }) },
  };
}

/** Flags only count when a message is made. Lines show no previews of links that somebody wrote into them. */
export function creationFlags(message: Outgoing): number {
  const preview = message.embed === undefined ? MessageFlags.SuppressEmbeds : 0;
  return preview | (message.isSilent === true ? MessageFlags.SuppressNotifications : 0);
}

export function plainForm({ plain, isSilent, mention }: Outgoing): Outgoing {
  return {
    plain,
    content: mention === undefined ? plain : `<@${mention}> ${plain}`,
    ...(mention !== undefined && { mention }),
    ...(isSilent !== undefined && { isSilent }),
  };
}

/** Without an embed: all of it in words where it has them, and last the one line. */
export function formsWithoutEmbed(message: Outgoing): readonly Outgoing[] {
  const plain = plainForm(message);
  if (message.bare === undefined) return [plain];
  const { bare, rows } = message;
  return [{ ...plainForm({ ...message, plain: bare }), ...(rows && { rows }) }, plain];
}

/** A line of our own words is its own plain form. */
export function says(text: string): Outgoing {
  return { content: text, plain: text };
}
