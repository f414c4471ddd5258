/** What a request carries through the handlers. */
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { ActingKey } from '../core/key.ts';
import type { Logger } from '../core/ports.ts';

export interface HttpEnv {
  /** Absent when the app is called without a server, as tests do. */
  Bindings: Partial<HttpBindings>;
  /** `key` is there in every call that asks for one. */
  Variables: { requestId: string; logger: Logger; key: ActingKey };
}

export type HttpApp = Hono<HttpEnv>;
