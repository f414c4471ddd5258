export { createDiscordFrontEnd } from './frontend.ts';
export type { About, DiscordConfig, DiscordDeps } from './config.ts';
