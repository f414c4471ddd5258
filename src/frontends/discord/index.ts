export { createDiscordFrontEnd } from './frontend.ts';
export type { DiscordConfig, DiscordDeps } from './config.ts';
export { examineDiscord } from './examine.ts';
