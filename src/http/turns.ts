/**
 * One request at a time on each connection. A client may send many at once (pipelining), and all that came in one
 * packet would be answered at once, each answer held in memory until the client reads it: a thousand small
 * requests would cost a thousand large answers. In turns, a connection holds one. What cannot be read has its turn
 * as well: its refusal must not be taken for the answer to a request that came before it and was carried out.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Handle = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export interface Turns {
  readonly handle: Handle;
  /** The connection ends with this refusal, when all that was asked before has been answered. */
  refuse(socket: Socket, answer: () => void): void;
}

interface Line {
  readonly waiting: (() => void)[];
  newest: IncomingMessage;
  running: ServerResponse;
  isOver: boolean;
}

/** More than any client sends ahead; beyond it the connection is cut. */
const MAX_AHEAD = 100;

export function createTurns(handle: Handle): Turns {
  const lines = new WeakMap<Socket, Line>();

  function begin(line: Line, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { socket } = incoming;
    line.running = outgoing;
    outgoing.once('close', () => {
      const next = line.waiting.shift();
      if (next === undefined) lines.delete(socket);
      else if (!socket.destroyed) next();
    });
    handle(incoming, outgoing);
  }

  return {
    handle(incoming, outgoing) {
      const { socket } = incoming;
      const line = lines.get(socket);
      if (line === undefined) {
        const first: Line = { waiting: [], newest: incoming, running: outgoing, isOver: false };
        lines.set(socket, first);
        begin(first, incoming, outgoing);
      } else if (line.waiting.length >= MAX_AHEAD) socket.destroy();
      else {
        line.newest = incoming;
        line.waiting.push(() => {
          begin(line, incoming, outgoing);
        });
      }
    },

    refuse(socket, answer) {
      const line = lines.get(socket);
      if (line === undefined) answer();
      // Who has hung up or reset the connection waits for nothing: a claim must not be made for it.
      else if (socket.readableEnded || !socket.writable) socket.destroy();
      else if (!line.isOver) {
        line.isOver = true;
        // A body that breaks off takes its own request along, and no other.
        if (line.newest.complete || line.waiting.pop() !== undefined) line.waiting.push(answer);
        else if (line.running.headersSent) socket.destroy();
        else answer();
      }
    },
  };
}
