import type { WebSocket } from 'ws';
import type { Journal } from '../http/journal.ts';
import type { JsonObject } from '../json.ts';
import type { World } from '../world/world.ts';
import type { Session } from './session.ts';

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

export interface Connection {
  readonly socket: WebSocket;
  session: Session | null;
  sends: number[];
}

/** What the parts of the gateway share. */
export interface GatewayState {
  readonly world: World;
  readonly journal: Journal;
  readonly options: GatewayOptions;
  readonly sessions: Map<string, Session>;
  readonly connections: Set<Connection>;
  readonly identifies: Identify[];
  resumes: number;
  heartbeats: number;
}

export const OP = { heartbeat: 1, identify: 2, resume: 6, reconnect: 7, invalid: 9, hello: 10, ack: 11 };

export function say(socket: WebSocket, payload: JsonObject): void {
  socket.send(JSON.stringify(payload));
}

/** Bad tokens and refused intents are a matter of settings; everything else here is a broken client. */
export function closeFor(state: GatewayState, connection: Connection, code: number): void {
  if (code !== 4004 && code !== 4014) {
    const message = `Gateway closed with ${code}`;
    state.journal.violate({ rule: 'gateway', message, code, method: 'WS', path: '/gateway' });
  }
  connection.socket.close(code);
}
