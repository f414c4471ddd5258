export { createDiscordFrontEnd, type DiscordFrontEnd } from './frontend.ts';
export type { DiscordConfig, DiscordDeps } from './config.ts';
export { examineDiscord } from './examine.ts';
