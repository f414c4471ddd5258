import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { asNumber, asObject, asText, type JsonObject } from '../json.ts';
import type { Journal } from '../http/journal.ts';
import { applicationWire } from '../rest/application.ts';
import { guildCreateWire, userWire } from '../world/wire.ts';
import { INTENTS, type World } from '../world/world.ts';
import { createSession, type Session } from './session.ts';

export interface GatewayOptions {
  heartbeatMs: number;
  /** Privileged intents that were switched on for the application. */
  allowedIntents: number;
  token(): string;
  url(): string;
}

/** An IDENTIFY as it came, without the token. */
export interface Identify {
  readonly at: number;
  readonly intents: number;
  readonly closedWith: number | null;
}

export interface Gateway {
  readonly identifies: Identify[];
  /** Successful resumes. */
  readonly resumes: number;
  /** Connections that are identified and open. */
  readonly connected: number;
  readonly heartbeats: number;
  /** Cuts the connections without a word, or closes them with this code. The sessions can be resumed. */
  drop(code?: number): void;
  /** Asks every client to come back (opcode 7). */
  askToReconnect(): void;
  /** Forgets all sessions: the next resume is refused and the client has to identify anew. */
  forgetSessions(): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const PRIVILEGED = INTENTS.guildMembers | INTENTS.guildPresences | INTENTS.messageContent;
const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  reconnect: 7,
  invalid: 9,
  hello: 10,
  ack: 11,
};
const SENDS_PER_MINUTE = 120;

interface Connection {
  readonly socket: WebSocket;
  session: Session | null;
  sends: number[];
}

interface State {
  readonly world: World;
  readonly journal: Journal;
  readonly options: GatewayOptions;
  readonly sessions: Map<string, Session>;
  readonly connections: Set<Connection>;
  readonly identifies: Identify[];
  resumes: number;
  heartbeats: number;
}

export function createGateway(world: World, journal: Journal, options: GatewayOptions): Gateway {
  const server = new WebSocketServer({ noServer: true });
  const state: State = {
    world,
    journal,
    options,
    sessions: new Map(),
    connections: new Set(),
    identifies: [],
    resumes: 0,
    heartbeats: 0,
  };
  world.onTell((event) => {
    for (const session of state.sessions.values()) session.hear(event);
  });
  return {
    identifies: state.identifies,
    get resumes() {
      return state.resumes;
    },
    get heartbeats() {
      return state.heartbeats;
    },
    get connected() {
      return [...state.connections].filter((connection) => connection.session !== null).length;
    },
    drop(code) {
      for (const { socket } of state.connections) {
        if (code === undefined) socket.terminate();
        else socket.close(code);
      }
    },
    askToReconnect() {
      for (const { socket } of state.connections) say(socket, { op: OP.reconnect, d: null });
    },
    forgetSessions() {
      state.sessions.clear();
    },
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (opened) => {
        accept(state, opened, request.url ?? '');
      });
    },
  };
}

function say(socket: WebSocket, payload: JsonObject): void {
  socket.send(JSON.stringify(payload));
}

function accept(state: State, socket: WebSocket, url: string): void {
  const connection: Connection = { socket, session: null, sends: [] };
  state.connections.add(connection);
  socket.on('close', (code) => {
    leave(state, connection, code);
  });
  socket.on('error', () => {
    socket.terminate();
  });
  socket.on('message', (data) => {
    receive(state, connection, (data as Buffer).toString('utf8'));
  });
  const query = new URL(url, 'ws://127.0.0.1').searchParams;
  if (query.get('v') !== '10') {
    socket.close(4012, 'Invalid API version');
    return;
  }
  say(socket, { op: OP.hello, d: { heartbeat_interval: state.options.heartbeatMs, _trace: ['twin'] } });
  state.world.bell.ring();
}

/** A client that says goodbye properly (1000, 1001) ends its session; any other end leaves it resumable. */
function leave(state: State, connection: Connection, code: number): void {
  state.connections.delete(connection);
  const { session } = connection;
  if (session?.socket === connection.socket) {
    session.socket = null;
    if (code === 1000 || code === 1001) state.sessions.delete(session.id);
  }
  state.world.bell.ring();
}

function receive(state: State, connection: Connection, text: string): void {
  let payload: JsonObject;
  try {
    payload = asObject(JSON.parse(text));
  } catch {
    closeFor(state, connection, 4002);
    return;
  }
  const now = state.world.clock.now();
  connection.sends = [...connection.sends.filter((at) => now - at < 60_000), now];
  if (connection.sends.length > SENDS_PER_MINUTE) {
    closeFor(state, connection, 4008);
    return;
  }
  handle(state, connection, payload);
  state.world.bell.ring();
}

function handle(state: State, connection: Connection, payload: JsonObject): void {
  const data = asObject(payload['d']);
  switch (payload['op']) {
    case OP.heartbeat:
      state.heartbeats += 1;
      say(connection.socket, { op: OP.ack });
      return;
    case OP.identify:
      identify(state, connection, data);
      return;
    case OP.resume:
      resume(state, connection, data);
      return;
    // Presence, voice and member requests change nothing that the twin keeps.
    case 3:
    case 4:
    case 8:
    case 31:
      if (connection.session === null) closeFor(state, connection, 4003);
      return;
    default:
      closeFor(state, connection, 4001);
  }
}

function identify(state: State, connection: Connection, data: JsonObject): void {
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

function refusalOf(state: State, connection: Connection, data: JsonObject): number | undefined {
  const intents = asNumber(data['intents']) ?? -1;
  if (connection.session !== null) return 4005;
  if (asText(data['token']) !== state.options.token()) return 4004;
  if (intents < 0 || intents >= 2 ** 26) return 4013;
  const isRefused = (intents & PRIVILEGED & ~state.options.allowedIntents) !== 0;
  return isRefused ? 4014 : undefined;
}

function resume(state: State, connection: Connection, data: JsonObject): void {
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

/** Bad tokens and refused intents are a matter of settings; everything else here is a broken client. */
function closeFor(state: State, connection: Connection, code: number): void {
  if (code !== 4004 && code !== 4014) {
    const message = `Gateway closed with ${code}`;
    state.journal.violate({ rule: 'gateway', message, code, method: 'WS', path: '/gateway' });
  }
  connection.socket.close(code);
}
