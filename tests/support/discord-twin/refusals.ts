import type { JsonObject } from './json.ts';

/** The answers with which Discord says no, by a name of ours. Texts and codes are Discord's own. */
const REFUSALS = {
  unauthorized: [401, 0, '401: Unauthorized'],
  forbidden: [403, 0, '403: Forbidden'],
  notFound: [404, 0, '404: Not Found'],
  unknownFile: [404, 0, 'This content is no longer available.'],
  unknownChannel: [404, 10003, 'Unknown Channel'],
  unknownGuild: [404, 10004, 'Unknown Guild'],
  unknownMember: [404, 10007, 'Unknown Member'],
  unknownMessage: [404, 10008, 'Unknown Message'],
  unknownUser: [404, 10013, 'Unknown User'],
  unknownWebhook: [404, 10015, 'Unknown Webhook'],
  unknownEmoji: [400, 10014, 'Unknown Emoji'],
  unknownInteraction: [404, 10062, 'Unknown interaction'],
  unknownCommand: [404, 10063, 'Unknown application command'],
  tooManyCommands: [400, 30032, 'Maximum number of application commands reached (100)'],
  commandCreateLimit: [429, 30034, 'Max number of daily application command creates has been reached (200)'],
  requestTooLarge: [413, 40005, 'Request entity too large'],
  forumNeedsTag: [400, 40067, 'A tag is required to create a forum post in this channel'],
  forumNeedsThread: [400, 40058, 'Cannot send a message in a forum channel'],
  alreadyAcknowledged: [400, 40060, 'Interaction has already been acknowledged.'],
  missingAccess: [403, 50001, 'Missing Access'],
  notTheAuthor: [403, 50005, 'Cannot edit a message authored by another user'],
  emptyMessage: [400, 50006, 'Cannot send an empty message'],
  cannotSendInChannel: [400, 50008, 'Cannot send messages in a non-text channel'],
  missingPermissions: [403, 50013, 'Missing Permissions'],
  invalidWebhookToken: [401, 50027, 'Invalid Webhook Token'],
  invalidForm: [400, 50035, 'Invalid Form Body'],
  threadIsArchived: [400, 50083, 'Thread is archived'],
  badJson: [400, 50109, 'The request body contains invalid JSON.'],
  threadAlreadyExists: [400, 160004, 'A thread has already been created for this message'],
  threadIsLocked: [400, 160005, 'Thread is locked'],
} as const satisfies Record<string, readonly [number, number, string]>;

export type RefusalName = keyof typeof REFUSALS;

/**
 * What a well-made bot never does. The rest (a deleted channel, a right taken away, a thread that somebody archived
 * or made first) is the world's doing and may happen to anyone, so it does not count against the bot.
 */
const VIOLATIONS: ReadonlySet<RefusalName> = new Set<RefusalName>([
  'notFound',
  'unknownEmoji',
  'unknownInteraction',
  'unknownWebhook',
  'tooManyCommands',
  'commandCreateLimit',
  'requestTooLarge',
  'forumNeedsThread',
  'alreadyAcknowledged',
  'emptyMessage',
  'cannotSendInChannel',
  'invalidWebhookToken',
  'invalidForm',
  'badJson',
]);

export class RefusedError extends Error {
  readonly rule: RefusalName;
  readonly status: number;
  readonly code: number;
  readonly errors: JsonObject | undefined;

  constructor(rule: RefusalName, errors?: JsonObject) {
    const [status, code, message] = REFUSALS[rule];
    super(message);
    this.rule = rule;
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  get isViolation(): boolean {
    return VIOLATIONS.has(this.rule);
  }

  toBody(): JsonObject {
    const body = { message: this.message, code: this.code };
    return this.errors === undefined ? body : { ...body, errors: this.errors };
  }
}

export function refuse(rule: RefusalName, errors?: JsonObject): never {
  throw new RefusedError(rule, errors);
}
