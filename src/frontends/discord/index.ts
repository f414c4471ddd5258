export { createDiscordFrontEnd } from './frontend.ts';
export type { DiscordConfig } from './config.ts';
export { examineDiscord } from './examine.ts';
