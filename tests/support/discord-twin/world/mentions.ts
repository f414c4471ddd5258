import { asList, asObject, isGiven, type JsonObject } from '../json.ts';
import type { Channel, Mentions } from './model.ts';
import { has } from './permissions.ts';
import { permissionsIn, type World } from './world.ts';

export interface MentionSource {
  content: string;
  /** `allowed_mentions` of the request; left out means that everything in the text counts. */
  rules: unknown;
  authorId: string;
  channel: Channel;
}

/** Whom a text would notify: what it names, cut down by allowed_mentions and by the author's rights. */
export function resolveMentions(world: World, source: MentionSource): Mentions {
  const named = {
    users: findIds(source.content, /<@!?(\d{17,20})>/g).filter((id) => world.users.has(id)),
    roles: findIds(source.content, /<@&(\d{17,20})>/g),
    everyone: /@(everyone|here)\b/.test(source.content),
  };
  const mayPingAll = has(permissionsIn(world, source.channel, source.authorId), 'MentionEveryone');
  const guild = world.guilds.get(source.channel.guildId ?? '');
  const allowed = (kind: 'users' | 'roles', ids: string[]): string[] =>
    isGiven(source.rules) ? filterByRules(asObject(source.rules), kind, ids) : ids;
  const roles = named.roles.filter((id) => mayPingAll || guild?.roles.get(id)?.isMentionable === true);
  const everyoneAllowed =
    !isGiven(source.rules) || asList(asObject(source.rules)['parse']).includes('everyone');
  return {
    users: allowed('users', named.users),
    roles: allowed('roles', roles),
    everyone: named.everyone && mayPingAll && everyoneAllowed,
  };
}

function filterByRules(rules: JsonObject, kind: 'users' | 'roles', ids: string[]): string[] {
  if (asList(rules['parse']).includes(kind)) return ids;
  const listed = asList(rules[kind]);
  return ids.filter((id) => listed.includes(id));
}

function findIds(content: string, pattern: RegExp): string[] {
  return [...new Set([...content.matchAll(pattern)].flatMap((match) => match[1] ?? []))];
}
