/** The API as one function from request to answer. It never listens: `server.ts` does. */
import { randomUUID } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { createAccountSalt } from './account-salt.ts';
import { REQUEST_ID_HEADER } from './answers.ts';
import { createAuthenticate } from './auth.ts';
import { createClaims } from './claims.ts';
import type { HttpDeps, RouteDeps } from './deps.ts';
import type { HttpApp, HttpEnv } from './env.ts';
import { answerError } from './errors.ts';
import { addFixedPathRefusals, addMethodRefusals } from './methods.ts';
import { createPresence } from './presence.ts';
import { Refusal } from './refusal.ts';
import { createSignals } from '../core/signals.ts';
import { addFileRoutes } from './routes/files.ts';
import { addReportRoutes, addSignalRoutes } from './routes/run-reports.ts';
import { addRunReads, addRunWrites } from './routes/runs.ts';
import { addInstanceRoutes } from './routes/instances.ts';
import { addKeyRoutes } from './routes/keys.ts';
import { addOpenRoutes } from './routes/open.ts';
import { addQueueRoutes } from './routes/queue.ts';
import { addAttemptRoutes, addTaskReads, addTaskWrites } from './routes/tasks.ts';
import { createWrites } from './writes.ts';

export function createHttpApp(deps: HttpDeps): HttpApp {
  const writes = createWrites(deps);
  const routes: RouteDeps = {
    ...deps,
    writes,
    claims: createClaims({ ...deps, writes }),
    signals: createSignals(deps),
    accountSalt: createAccountSalt(deps),
  };
  const authenticate = createAuthenticate(deps);
  const noteSignOfLife = createPresence(deps);
  const app: HttpApp = new Hono();

  // One middleware for everything: each further one costs as much as half a claim.
  app.use(async (c, next) => {
    const startedMs = deps.clock.monotonicMs();
    c.set('requestId', requestIdOf(c));
    c.set('logger', deps.logger);
    const key = isOpen(c.req.path) ? null : authenticate(c);
    if (key instanceof Refusal) c.res = answerError(c, key);
    else {
      if (key !== null) {
        c.set('key', key);
        noteSignOfLife(c);
      }
      await next();
    }
    logRequest(c, deps.clock.monotonicMs() - startedMs);
  });
  app.onError((error, c) => answerError(c, error));
  app.notFound((c) => answerError(c, new Refusal('not_found', `There is nothing at ${c.req.path}.`)));

  addFixedPathRefusals(app);
  addOpenRoutes(app, deps);
  addTaskReads(app, routes);
  addTaskWrites(app, routes);
  addAttemptRoutes(app, routes);
  addRunReads(app, routes);
  addRunWrites(app, routes);
  addReportRoutes(app, routes);
  addSignalRoutes(app, routes);
  addFileRoutes(app, routes);
  addInstanceRoutes(app, routes);
  addQueueRoutes(app, routes);
  addKeyRoutes(app, routes);
  addMethodRefusals(app);
  return app;
}

/** Only the API asks for a key; what lies outside it is open, or nothing at all. */
function isOpen(path: string): boolean {
  return path !== '/api' && !path.startsWith('/api/');
}

function requestIdOf(c: Context<HttpEnv>): string {
  const given = c.req.header(REQUEST_ID_HEADER);
  return given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
}

function logRequest(c: Context<HttpEnv>, ms: number): void {
  const { logger, requestId } = c.var;
  const { status } = c.res;
  const line = { request_id: requestId, method: c.req.method, path: c.req.path, status, ms: Math.round(ms) };
  if (status >= 500) logger.warn(line, 'request');
  else logger.debug(line, 'request');
}
