/**
 * One message of a thread: sent once, looked for when that is in doubt, and edited where it stands. A thread that is
 * gone, locked or forbidden is closed: nobody is told there any more, and nothing waits for it.
 */
import { Routes, type APIMessage, type GuildBasedChannel } from 'discord.js';
import { DeliveryBlocked, type Logger } from '../../core/ports.ts';
import { ThreadClosed, type EditedAs, type ThreadPart, type ThreadSearch } from '../../core/thread-ports.ts';
import type { Call } from './api.ts';
import { awake } from './awake.ts';
import type { Live } from './connection.ts';
import type { Answered, Refusal } from './failures.ts';
import { findMessage, idBefore, isSentFrom } from './history.ts';
import { creationFlags, formsWithoutEmbed, toBody, type Outgoing } from './outgoing.ts';
import { lacks, lacksNow } from './places.ts';
import { inMessages } from './thread-text.ts';

export async function sendPart(
  live: Live,
  threadId: string,
  { part, logger }: { part: ThreadPart; logger: Logger },
): Promise<string | null> {
  const message = part.message as Outgoing;
  const whole = (await showsEmbed(live, threadId, message))
    ? await post(live, threadId, { ...part, message })
    : null;
  if (whole !== null) return whole;
  for (const form of formsWithoutEmbed(message)) {
    const sent = await post(live, threadId, { nonce: part.nonce, message: form });
    if (sent !== null) return sent;
  }
  logger.error({ nonce: part.nonce }, 'discord refused a message of a thread: skipped');
  return null;
}

/** Without Embed Links an embed arrives as nothing at all; the forms without one arrive. */
async function showsEmbed(live: Live, threadId: string, { embed }: Outgoing): Promise<boolean> {
  if (embed === undefined) return true;
  const place = await placeOf(live, threadId);
  return place === null || !(await lacks(place, 'Embed Links'));
}

/** Null: refused. */
async function post(
  live: Live,
  threadId: string,
  { nonce, message, file }: Pick<ThreadPart, 'nonce' | 'file'> & { message: Outgoing },
): Promise<string | null> {
  const call: Call = {
    method: 'POST',
    route: Routes.channelMessages(threadId),
    body: { ...toBody(message), flags: creationFlags(message), nonce, enforce_nonce: true },
    ...(file !== undefined && {
      files: [{ name: file.name, data: Buffer.from(file.text), contentType: 'text/markdown; charset=utf-8' }],
    }),
  };
  const answer = await live.api.ask(call);
  if (answer.ok) return (answer.value as APIMessage).id;
  if (answer.why === 'forbidden' && file !== undefined)
    return postText(live, threadId, { nonce, text: file.text });
  if (answer.why !== 'refused') throw closedBy(answer);
  return null;
}

/** It may be the file that is forbidden: what is in it is said in messages. Resolves to the last of them. */
async function postText(
  live: Live,
  threadId: string,
  { nonce, text }: { nonce: string; text: string },
): Promise<string | null> {
  let last: string | null = null;
  for (const [index, content] of inMessages(text).entries()) {
    const message = { content, plain: content, isSilent: true };
    // A letter at the end makes a nonce that no part of a plan has.
    last = await post(live, threadId, { nonce: `${nonce}${LETTERS[index] ?? ''}`, message });
  }
  return last;
}

/** More than any text has messages. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** What an edit of a message may be: all of it, or nothing but its buttons taken away. */
export type Change = Outgoing | { readonly takesButtons: true };

export async function editPart(
  live: Live,
  threadId: string,
  { messageId, change }: { messageId: string; change: Change },
): Promise<EditedAs> {
  const route = Routes.channelMessage(threadId, messageId);
  const asked = (body: object) =>
    awake(live.api, threadId, () => live.api.ask({ method: 'PATCH', route, body }));
  const [first, ...others] = await bodiesOf(live, threadId, change);
  let answer = await asked(first);
  for (const body of others) if (isRefused(answer)) answer = await asked(body);
  if (answer.ok || answer.why === 'refused' || answer.why === 'archived') return 'edited';
  if (answer.code === UNKNOWN_MESSAGE) return 'gone';
  throw closedBy(answer);
}

const isRefused = (answer: Answered) => !answer.ok && answer.why === 'refused';

/** Each is for where the one before is refused. */
async function bodiesOf(live: Live, threadId: string, change: Change): Promise<[object, ...object[]]> {
  if ('takesButtons' in change) return [{ components: [] }];
  const forms = formsWithoutEmbed(change).map((form) => toBody(form));
  const [bare = toBody(change), ...plain] = forms;
  return (await showsEmbed(live, threadId, change)) ? [toBody(change), ...forms] : [bare, ...plain];
}

const UNKNOWN_MESSAGE = '10008';

/**
 * The ids of those parts that stand, in order, up to the last of them. One is sent when those before it are settled,
 * so what is missing before it was refused.
 */
export async function findParts(
  live: Live,
  threadId: string,
  { parts, after, since, claimed }: ThreadSearch,
): Promise<readonly (string | null)[]> {
  const place = await placeOf(live, threadId);
  // Without this right the list is empty and no error.
  if (place !== null && (await lacksNow(place, 'Read Message History'))) {
    const what = 'A message of a thread may have been sent already';
    throw new DeliveryBlocked(`${what}; finding out takes Read Message History in ${place.name}.`);
  }
  const ids: (string | null)[] = [];
  const last = () => ids.findLast((id) => id !== null) ?? null;
  for (const part of parts) {
    const isIt = isSentFrom(part.message as Outgoing, live.client.user.id);
    const found = await findMessage({
      api: live.api,
      channelId: threadId,
      after: last() ?? after ?? idBefore(since),
      matches: (message) =>
        isIt(message) &&
        !claimed.includes(message.id) &&
        message.attachments[0]?.filename === part.file?.name,
    });
    ids.push(found?.id ?? null);
  }
  return ids.slice(0, ids.findLastIndex((id) => id !== null) + 1);
}

/** Null: out of sight. A thread that sleeps is not among those that the gateway told of. */
async function placeOf({ client }: Live, threadId: string): Promise<GuildBasedChannel | null> {
  const known =
    client.channels.cache.get(threadId) ?? (await client.channels.fetch(threadId).catch(() => null));
  return known === null || known.isDMBased() ? null : known;
}

function closedBy({ why, code, message }: Refusal): Error {
  if (why === 'gone') return new ThreadClosed('it was deleted.');
  if (why === 'archived') return new ThreadClosed('it is locked.');
  if (why === 'forbidden') {
    return new ThreadClosed(`the bot may not write there (Send Messages in Threads): ${message}`);
  }
  return new DeliveryBlocked(`A thread cannot be told (code ${code}): ${message}`);
}
