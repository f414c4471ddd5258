/**
 * A stand-in for Discord on 127.0.0.1: REST v10 and the gateway, strict about everything that Discord is strict
 * about. Tests run the real discord.js against it and play the people:
 *
 *   const twin = createDiscordTwin();
 *   await twin.start();                       // DISCORD_API_URL = twin.url, DISCORD_TOKEN = twin.token
 *   await twin.waitForBot();
 *   const asked = twin.user('alice').slash('task', { description: 'Deploy' });
 *   const card = await asked.message();
 *   twin.user('alice').clickButton(card, 'Cancel');
 *   expect(twin.violations).toEqual([]);
 */
export { createDiscordTwin } from './twin.ts';
export type { DiscordTwin } from './handle.ts';
export type { DiscordTwinOptions } from './options.ts';
export type { TwinChannel } from './channel-handle.ts';
export type { Invocation } from './users/invocation.ts';
export type { TwinMessage } from './world/model.ts';
