import type { Bell } from '../bell.ts';
import type { RestCall } from '../rest/router.ts';

/** One request as it came in, and what it was answered. */
export interface RestRecord extends RestCall {
  readonly at: number;
  /** Without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: 'bot' | 'wrong' | 'none';
  /** Null until answered, and for good when the connection was cut. */
  status: number | null;
  /** Discord's error code of a refusal. */
  code: number | null;
}

/** A broken rule that a well-made bot would have kept. */
export interface Violation {
  readonly rule: string;
  readonly message: string;
  readonly code: number;
  readonly method: string;
  readonly path: string;
  /** What was wrong, field by field, where Discord says so. */
  readonly errors?: unknown;
  readonly body?: unknown;
}

/** What the twin saw, in order. */
export interface Journal {
  readonly requests: RestRecord[];
  readonly violations: Violation[];
  /** `METHOD /path` of everything that the twin does not know. */
  readonly unknownRoutes: string[];
  /** How many requests there were, remembered or not. */
  readonly requestCount: number;
  note(request: RestRecord): void;
  violate(violation: Violation): void;
}

/** `kept`: how many of the latest requests are remembered, give or take as many again. */
export function createJournal(bell: Bell, kept = Infinity): Journal {
  const violations: Violation[] = [];
  const requests: RestRecord[] = [];
  let requestCount = 0;
  return {
    requests,
    violations,
    unknownRoutes: [],
    get requestCount() {
      return requestCount;
    },
    note(request) {
      requestCount += 1;
      requests.push(request);
      if (requests.length > 2 * kept) requests.splice(0, requests.length - kept);
    },
    violate(violation) {
      violations.push(violation);
      bell.ring();
    },
  };
}
