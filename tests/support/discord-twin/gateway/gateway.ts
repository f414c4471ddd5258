import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Journal } from '../http/journal.ts';
import { asObject, type JsonObject } from '../json.ts';
import type { World } from '../world/world.ts';
import { identify, resume } from './identify.ts';
import {
  closeFor,
  OP,
  say,
  type Connection,
  type GatewayOptions,
  type GatewayState,
  type Identify,
} from './state.ts';

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

const SENDS_PER_MINUTE = 120;

export function createGateway(world: World, journal: Journal, options: GatewayOptions): Gateway {
  const server = new WebSocketServer({ noServer: true });
  const state: GatewayState = {
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

function accept(state: GatewayState, socket: WebSocket, url: string): void {
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
function leave(state: GatewayState, connection: Connection, code: number): void {
  state.connections.delete(connection);
  const { session } = connection;
  if (session?.socket === connection.socket) {
    session.socket = null;
    if (code === 1000 || code === 1001) state.sessions.delete(session.id);
  }
  state.world.bell.ring();
}

function receive(state: GatewayState, connection: Connection, text: string): void {
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

function handle(state: GatewayState, connection: Connection, payload: JsonObject): void {
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
