import { userWire } from '../world/wire.ts';
import type { World } from '../world/world.ts';
import { ok, type RestAnswer, type Route } from './router.ts';

export interface GatewayFacts {
  url(): string;
  /** Identifies left today. */
  remainingSessions(): number;
}

const DAY_MS = 86_400_000;

/** Who the bot is and where its gateway is. */
export function applicationRoutes(world: World, gateway: GatewayFacts): Route[] {
  const application = (): RestAnswer => ok(applicationWire(world));
  const get = (pattern: string, handle: () => RestAnswer): Route => ({
    method: 'GET',
    pattern,
    auth: 'bot',
    handle,
  });
  return [
    { method: 'GET', pattern: '/gateway', auth: 'none', handle: () => ok({ url: gateway.url() }) },
    get('/gateway/bot', () =>
      ok({
        url: gateway.url(),
        shards: 1,
        session_start_limit: {
          total: 1_000,
          remaining: gateway.remainingSessions(),
          reset_after: DAY_MS,
          max_concurrency: 1,
        },
      }),
    ),
    get('/users/@me', () => ok({ ...userWire(world.bot), verified: true, mfa_enabled: true, email: null })),
    get('/applications/@me', application),
    get('/oauth2/applications/@me', application),
    get('/users/@me/guilds', () =>
      ok(
        [...world.guilds.values()]
          .filter((guild) => guild.members.has(world.bot.id))
          .map((guild) => ({
            id: guild.id,
            name: guild.name,
            icon: null,
            owner: false,
            permissions: '0',
            features: [],
          })),
      ),
    ),
  ];
}

export function applicationWire(world: World): Record<string, unknown> {
  const owner = [...world.users.values()].find((user) => !user.isBot);
  return {
    id: world.applicationId,
    name: world.bot.username,
    icon: null,
    description: '',
    type: null,
    bot: userWire(world.bot),
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: world.applicationFlags,
    flags_new: String(world.applicationFlags),
    owner: owner === undefined ? null : userWire(owner),
    team: null,
    redirect_uris: [],
    interactions_endpoint_url: null,
    approximate_guild_count: world.guilds.size,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    role_connections_verification_url: null,
    explicit_content_filter: 0,
    eligible_oauth2_scopes: [],
    integration_types_config: { '0': {} },
  };
}
