import { asList } from '../json.ts';
import type { Channel } from '../world/model.ts';
import type { RegisteredCommand, World } from '../world/world.ts';

export interface CommandQuestion {
  channel: Channel;
  name: string;
  type: number;
  isForced: boolean;
}

/** The command as the bot registered it and as Discord would offer it in this place; else it throws. */
export function findCommand(world: World, question: CommandQuestion): RegisteredCommand {
  const { channel, name, type } = question;
  const fits = (command: RegisteredCommand): boolean => command.name === name && command.type === type;
  const inGuild = (world.commands.get(channel.guildId ?? '') ?? []).find(fits);
  const everywhere = (world.commands.get('global') ?? []).find(
    (command) => fits(command) && isOffered(command, channel),
  );
  const found = inGuild ?? everywhere;
  if (found !== undefined) return found;
  const all = [...world.commands.values()].flat();
  const anywhere = all.find(fits);
  if (question.isForced && anywhere !== undefined) return anywhere;
  const known = all.map((command) => command.name).join(', ');
  throw new Error(
    `The bot has registered no command "${name}" for this place; registered: ${known || 'none'}`,
  );
}

/** Global commands are offered everywhere unless their contexts say otherwise. */
function isOffered(command: RegisteredCommand, channel: Channel): boolean {
  const context = channel.guildId === null ? 1 : 0;
  const contexts = command['contexts'];
  if (Array.isArray(contexts)) return asList(contexts).includes(context);
  return context === 0 || command['dm_permission'] !== false;
}
