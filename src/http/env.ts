/** What a request carries through the handlers. */
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Logger } from '../core/ports.ts';

export interface HttpEnv {
  /** Absent when the app is called without a server, as tests do. */
  Bindings: Partial<HttpBindings>;
  Variables: { requestId: string; logger: Logger };
}

export type HttpApp = Hono<HttpEnv>;
