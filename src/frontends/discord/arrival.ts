/** What the log says once Discord has let us in: who we are, what we may not do, and how to invite us. */
import type { Logger } from '../../core/ports.ts';
import { channelName, isId, type DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import { countedGuilds, findChannel, inviteLink, missingPermissions, NEEDED_PERMISSIONS } from './places.ts';
import type { NeededPermission } from './places.ts';

const ALL = Object.keys(NEEDED_PERMISSIONS) as NeededPermission[];

export function logArrival({ client }: Live, config: DiscordConfig, logger: Logger): void {
  const invite = inviteLink(client.application.id, config.guildId);
  const guilds = countedGuilds(client, config);
  logger.info({ bot: client.user.tag, guilds: guilds.map(({ name }) => name), invite }, 'discord ready');
  if (guilds.length > 1) {
    logger.warn(
      { guilds: guilds.length },
      'the bot is in several servers: commands work only in channels given by id (or set DISCORD_GUILD_ID)',
    );
  }
  const { allowedChannels, notificationChannel, taskForum } = config;
  const places = [
    ...new Set([...allowedChannels, notificationChannel, ...(taskForum === null ? [] : [taskForum])]),
  ];
  for (const place of places) {
    const shown = isId(place) ? place : `#${channelName(place)}`;
    const channel = findChannel(client, config, place);
    if (channel === null) {
      logger.warn({ channel: shown }, 'this channel does not exist or cannot be seen');
      continue;
    }
    const missing = missingPermissions(channel, ALL);
    if (missing.length > 0) logger.warn({ channel: shown, missing, invite }, 'permissions missing');
  }
}
