/** The REST API on a real socket and a clock that stands still, which knows whose answers were never sent. */
import type { HttpBindings } from '@hono/node-server';
import { listen } from '../../../src/http/server.ts';
import { systemIds } from '../../../src/system.ts';
import { manualClock } from '../../support/clock.ts';
import { createParts } from '../../support/http-world.ts';
import { openSocket } from '../../support/http-socket.ts';
import { turns } from '../../support/http-until.ts';
import type { Command } from '../command.ts';
import { createTime, isPassing, POLICY } from '../drivers/driver.ts';
import { askOver } from '../drivers/http-driver.ts';
import type { Answer } from '../model/explain.ts';

export const REQUEST_NAME = 'x-request-id';

export type WatchedServer = Awaited<ReturnType<typeof startWatchedServer>>;

export async function startWatchedServer({ path = ':memory:', clock = manualClock() } = {}) {
  const parts = await createParts(clock, { path, policy: POLICY, ids: systemIds });
  const unsent = new Set<string>();
  const watched = {
    fetch(request: Request, bindings: Partial<HttpBindings> = {}) {
      const name = request.headers.get(REQUEST_NAME) ?? '';
      let finished = false;
      bindings.outgoing?.once('finish', () => (finished = true));
      bindings.outgoing?.once('close', () => {
        if (!finished) unsent.add(name);
      });
      return parts.app.fetch(request, bindings);
    },
  };
  const server = await listen(watched, { host: '127.0.0.1', port: 0, logger: parts.logger });
  const calm = await openSocket(server.port);
  const pass = createTime({ clock, store: parts.store });

  return {
    port: server.port,
    clock,
    /** Requests whose connection ended before everything was handed to it. */
    unsent,
    /** One request after the other, or time. */
    ask: (command: Command): Promise<Answer> => {
      if (isPassing(command)) return pass(command);
      return askOver((method, path, sent) => {
        calm.send(method, path, sent);
        return calm.answer();
      }, command);
    },
    /** Until everything that was sent has come about, what was given back included. */
    async settle(): Promise<void> {
      const last = await openSocket(server.port);
      last.send('GET', '/health');
      await last.answer();
      last.end();
      await turns(20);
    },
    /** Whoever still waits for a task is sent away. */
    endWaiting(): void {
      parts.waitingClaims.stop();
    },
    close: async (): Promise<void> => {
      parts.waitingClaims.stop();
      calm.end();
      await server.stop(0);
      await parts.store.close();
    },
  };
}
