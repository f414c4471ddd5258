/**
 * One request at a time on each connection. A client may send many at once (pipelining), and all that came in one
 * packet would be answered at once, each answer held in memory until the client reads it: a thousand small
 * requests would cost a thousand large answers. In turns, a connection holds one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Handle = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** More than any client sends ahead; beyond it the connection is cut. */
const MAX_AHEAD = 100;

export function inTurns(handle: Handle): Handle {
  const ahead = new WeakMap<Socket, (() => void)[]>();

  function begin(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { socket } = incoming;
    outgoing.once('close', () => {
      const next = ahead.get(socket)?.shift();
      if (next === undefined) ahead.delete(socket);
      else if (!socket.destroyed) next();
    });
    handle(incoming, outgoing);
  }

  return (incoming, outgoing) => {
    const { socket } = incoming;
    const waiting = ahead.get(socket);
    if (waiting === undefined) {
      ahead.set(socket, []);
      begin(incoming, outgoing);
    } else if (waiting.length >= MAX_AHEAD) socket.destroy();
    else {
      waiting.push(() => {
        begin(incoming, outgoing);
      });
    }
  };
}
