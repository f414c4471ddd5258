import { asNumber, asText, type JsonObject } from '../json.ts';
import { applicationWire } from '../rest/application.ts';
import { guildCreateWire, userWire } from '../world/wire.ts';
import { INTENTS } from '../world/world.ts';
import { createSession } from './session.ts';
import { closeFor, OP, say, type Connection, type GatewayState } from './state.ts';

const PRIVILEGED = INTENTS.guildMembers | INTENTS.guildPresences | INTENTS.messageContent;

/** A new session: READY and every guild, or the door. */
export function identify(state: GatewayState, connection: Connection, data: JsonObject): void {
  const { world, options } = state;
  const intents = asNumber(data['intents']) ?? 0;
  const refusal = refusalOf(state, connection, data);
  state.identifies.push({ at: world.clock.now(), intents, closedWith: refusal ?? null });
  if (refusal !== undefined) {
    closeFor(state, connection, refusal);
    return;
  }
  const session = createSession({ id: `session-${world.newId()}`, intents, botId: world.bot.id });
  state.sessions.set(session.id, session);
  connection.session = session;
  session.socket = connection.socket;
  const guilds = [...world.guilds.values()].filter((guild) => guild.members.has(world.bot.id));
  const { id, flags } = applicationWire(world);
  session.hear({
    name: 'READY',
    intents: 0,
    payload: {
      v: 10,
      user: { ...userWire(world.bot), verified: true, mfa_enabled: true, email: null },
      guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: options.url(),
      session_type: 'normal',
      private_channels: [],
      relationships: [],
      shard: data['shard'] ?? [0, 1],
      application: { id, flags },
    },
  });
  for (const guild of guilds) {
    session.hear({ name: 'GUILD_CREATE', intents: INTENTS.guilds, payload: guildCreateWire(world, guild) });
  }
}

function refusalOf(state: GatewayState, connection: Connection, data: JsonObject): number | undefined {
  const intents = asNumber(data['intents']) ?? -1;
  if (connection.session !== null) return 4005;
  if (asText(data['token']) !== state.options.token()) return 4004;
  if (intents < 0 || intents >= 2 ** 26) return 4013;
  const isRefused = (intents & PRIVILEGED & ~state.options.allowedIntents) !== 0;
  return isRefused ? 4014 : undefined;
}

/** The session goes on with what was missed, unless it has been forgotten. */
export function resume(state: GatewayState, connection: Connection, data: JsonObject): void {
  if (asText(data['token']) !== state.options.token()) {
    closeFor(state, connection, 4004);
    return;
  }
  const session = state.sessions.get(asText(data['session_id']) ?? '');
  if (session === undefined) {
    say(connection.socket, { op: OP.invalid, d: false });
    return;
  }
  session.socket?.terminate();
  session.socket = connection.socket;
  connection.session = session;
  state.resumes += 1;
  session.replay(asNumber(data['seq']) ?? 0);
  session.hear({ name: 'RESUMED', intents: 0, payload: { _trace: ['twin'] } });
}
