/**
 * Requests to Discord. discord.js keeps the rate limits; it repeats nothing by itself, because a send that was
 * applied but answered 502 would be posted twice: whoever asks knows whether repeating is safe.
 */
import { RequestMethod, type RawFile, type REST, type RouteLike } from 'discord.js';
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
  readonly files?: readonly RawFile[];
  /** Interactions carry their own token in the route. */
  readonly isInteraction?: boolean;
}

export interface Api {
  /** Throws TransientError for what may pass; a "no" of Discord's is an answer. */
  ask(call: Call): Promise<Answered>;
  /** Ends all that is under way: the front end stops. */
  abort(): void;
}

export interface ApiDeps {
  readonly rest: REST;
  readonly onUnauthorized: () => void;
}

export function createApi({ rest, onUnauthorized }: ApiDeps): Api {
  // One for each request: discord.js never takes its listener off a signal, so a shared one would fill up.
  const underWay = new Set<AbortController>();

  return {
    abort() {
      for (const controller of underWay) controller.abort();
    },

    async ask({ method, route, body, query, files, isInteraction }) {
      const controller = new AbortController();
      underWay.add(controller);
      try {
        const value = await rest.request({
          method: METHODS[method],
          fullRoute: route,
          signal: controller.signal,
          auth: isInteraction !== true,
          ...(body !== undefined && { body }),
          ...(files !== undefined && { files: [...files] }),
          ...(query !== undefined && { query: new URLSearchParams(query) }),
        });
        return { ok: true, value };
      } catch (error) {
        const refusal = refusalIn(error);
        if (refusal.why === 'unauthorized' && isInteraction !== true) onUnauthorized();
        return refusal;
      } finally {
        underWay.delete(controller);
      }
    },
  };
}
