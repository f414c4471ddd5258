/** Clients that ask at the same time, each on a connection of its own, some of which are cut. */
import { openSocket, type RawSocket } from '../../support/http-socket.ts';
import { turns } from '../../support/http-until.ts';
import type { Command } from '../command.ts';
import { isPassing } from '../drivers/driver.ts';
import { readable, requestOf } from '../drivers/http-driver.ts';
import type { Answer } from '../model/explain.ts';
import type { Recorder } from './recorder.ts';
import { REQUEST_NAME } from './watched-server.ts';

export interface Plan {
  readonly command: Command;
  /**
   * `cut`: the connection is cut so many turns after the request was sent. `lost`: the answer is sent and nobody
   * reads it. After both, a command with a key is sent once more.
   */
  readonly fate: 'read' | 'lost' | { readonly cut: number };
}

interface Surroundings {
  readonly port: number;
  readonly recorder: Recorder;
  /** For what is not asked over a connection: time. */
  readonly ask: (command: Command) => Promise<Answer>;
  /** Of a server that dies while they ask: nothing that comes after it counts. */
  readonly death?: Promise<null>;
  readonly isDead?: () => boolean;
}

const NEVER = new Promise<null>(() => undefined);

type Sendable = Parameters<typeof requestOf>[0] | (Command & { do: 'list' });

function write(socket: RawSocket, command: Sendable, name: string): void {
  const headers = { [REQUEST_NAME]: name };
  if (command.do === 'list') {
    const { statuses = [], limit = 50 } = command;
    socket.send('GET', `/api/tasks?status=${statuses.join(',')}&limit=${limit}`, { headers });
    return;
  }
  const { method, path, sent } = requestOf(command);
  socket.send(method, path, { ...sent, headers });
}

/** A list here is one page: more than one is not read at one time. */
function answerOf(command: Command, status: number, json: unknown): Answer {
  if (command.do !== 'list' || status !== 200) return readable(command, { status, body: json });
  return { status, body: { pages: [(json as { tasks: unknown }).tasks] } };
}

const withRepeat = (plan: Plan): Plan[] =>
  plan.fate === 'read' || plan.command.key === undefined ? [plan] : [plan, { ...plan, fate: 'read' }];

export async function connect(around: Surroundings) {
  const { port, recorder, ask, death = NEVER, isDead = () => false } = around;
  let socket = await openSocket(port);

  async function send({ command: wanted, fate }: Plan): Promise<void> {
    const { command, name, end } = recorder.begin(wanted);
    if (isPassing(command)) {
      const answer = await Promise.race([ask(command), death]);
      end(isDead() ? null : answer);
      return;
    }
    write(socket, command as Sendable, name);
    if (typeof fate === 'object') {
      await turns(fate.cut);
      socket.cut();
      end(null);
      if (!isDead()) socket = await openSocket(port).catch(() => socket);
      return;
    }
    const reply = await Promise.race([socket.answer().catch(() => null), death]);
    const isKnown = reply !== null && fate !== 'lost' && !isDead();
    end(isKnown ? answerOf(command, reply.status, reply.json) : null);
  }

  return {
    async work(plans: readonly Plan[]): Promise<void> {
      for (const plan of plans.flatMap(withRepeat)) if (!isDead()) await send(plan);
    },
    leave: () => {
      socket.end();
    },
  };
}
