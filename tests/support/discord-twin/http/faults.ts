import type { Bell } from '../bell.ts';
import type { RestCall } from '../rest/router.ts';

/** What goes wrong, and whether the request has had its effect by then. */
export type Fault =
  /** 429; the request has no effect. */
  | { kind: 'rate-limit'; retryAfterMs: number; isGlobal?: boolean }
  /** An answer of this status; with `applied` the effect happens all the same. */
  | {
      kind: 'status';
      status: number;
      applied?: boolean;
      body?: unknown;
      headers?: Readonly<Record<string, string>>;
    }
  /** The connection ends without an answer. */
  | { kind: 'cut'; when: 'before' | 'after' }
  /** The answer waits until `release()`: `before` also holds back the effect. */
  | { kind: 'hold'; when: 'before' | 'after' };

export type RestMatcher = { method?: string; path: RegExp | string } | ((call: RestCall) => boolean);

export interface ArmedFault {
  /** How many requests it has hit. */
  readonly hits: number;
  /** Requests held back at this moment. */
  readonly held: number;
  /** Lets held answers go, and with them the fault. */
  release(): void;
  remove(): void;
}

export interface FaultHit {
  readonly fault: Fault;
  /** For a hold: resolves when released. */
  wait(): Promise<void>;
}

export interface Faults {
  /** The first fault that fits, used up by this request. */
  take(call: RestCall): FaultHit | undefined;
  add(matcher: RestMatcher, fault: Fault, options?: { times?: number }): ArmedFault;
  /** Removes all faults and releases what they hold. */
  clear(): void;
}

interface Armed {
  matcher: RestMatcher;
  fault: Fault;
  left: number;
  hits: number;
  waiting: (() => void)[];
}

export function createFaults(bell: Bell): Faults {
  let armed: Armed[] = [];
  const remove = (entry: Armed): void => {
    armed = armed.filter((other) => other !== entry);
  };
  const release = (entry: Armed): void => {
    remove(entry);
    for (const go of entry.waiting.splice(0)) go();
    bell.ring();
  };
  return {
    take(call) {
      const entry = armed.find((candidate) => candidate.left > 0 && fits(candidate.matcher, call));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      entry.hits += 1;
      bell.ring();
      return {
        fault: entry.fault,
        wait: () =>
          new Promise((resolve) => {
            entry.waiting.push(resolve);
            bell.ring();
          }),
      };
    },
    add(matcher, fault, options = {}) {
      const entry: Armed = { matcher, fault, left: options.times ?? 1, hits: 0, waiting: [] };
      armed.push(entry);
      return {
        get hits() {
          return entry.hits;
        },
        get held() {
          return entry.waiting.length;
        },
        release: () => {
          release(entry);
        },
        remove: () => {
          remove(entry);
        },
      };
    },
    clear() {
      for (const entry of [...armed]) release(entry);
    },
  };
}

function fits(matcher: RestMatcher, call: RestCall): boolean {
  if (typeof matcher === 'function') return matcher(call);
  if (matcher.method !== undefined && matcher.method !== call.method) return false;
  return typeof matcher.path === 'string' ? matcher.path === call.path : matcher.path.test(call.path);
}
