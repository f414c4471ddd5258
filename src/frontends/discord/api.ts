/**
 * Requests to Discord. discord.js keeps the rate limits; it repeats nothing by itself, because a send that was
 * applied but answered 502 would be posted twice: whoever asks knows whether repeating is safe.
 */
import { RequestMethod, type REST, type RouteLike } from 'discord.js';
import { refusalIn, type Answered } from './failures.ts';

const METHODS = {
  GET: RequestMethod.Get,
  POST: RequestMethod.Post,
  PATCH: RequestMethod.Patch,
  PUT: RequestMethod.Put,
  DELETE: RequestMethod.Delete,
} as const;

export interface Call {
  readonly method: keyof typeof METHODS;
  readonly route: RouteLike;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  /** Interactions carry their own token in the route. */
  readonly isInteraction?: boolean;
}

export interface Api {
  /** Throws TransientError for what may pass; a "no" of Discord's is an answer. */
  ask(call: Call): Promise<Answered>;
}

export interface ApiDeps {
  readonly rest: REST;
  /** Ends all requests when the front end stops. */
  readonly signal: AbortSignal;
  readonly onUnauthorized: () => void;
}

export function createApi({ rest, signal, onUnauthorized }: ApiDeps): Api {
  return {
    async ask({ method, route, body, query, isInteraction }) {
      try {
        const value = await rest.request({
          method: METHODS[method],
          fullRoute: route,
          signal,
          auth: isInteraction !== true,
          ...(body !== undefined && { body }),
          ...(query !== undefined && { query: new URLSearchParams(query) }),
        });
        return { ok: true, value };
      } catch (error) {
        const refusal = refusalIn(error);
        if (refusal.why === 'unauthorized' && isInteraction !== true) onUnauthorized();
        return refusal;
      }
    },
  };
}
