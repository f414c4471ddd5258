/**
 * What keeps this worker, or one of its projects, from taking tasks: told in the log as it changes, with every
 * heartbeat, and asked before every claim. A fault holds off for 1 to 30 minutes, longer each time it comes back.
 */
import type { ClientError } from '../errors.ts';
import { cutEnd } from './cut.ts';
import { isRefusal } from './lease-keeper.ts';
import { errorText, type WorkerLog } from './worker-log.ts';

export interface Problems {
  /** `project` null: all of them. */
  hold(project: string | null, reason: string): void;
  /** A run got through: the next fault begins anew. */
  clear(project: string): void;
  /** Until when nothing of it is to be taken; 0: not at all. */
  heldUntilMs(project: string | null): number;
  /** A condition of the machine, for as long as it lasts. */
  set(name: string, text: string | null): void;
  isBlocked(): boolean;
  /** The server could not be reached, or (null) it answered. */
  noteReach(error: unknown): void;
  /** A heartbeat was answered: key and name are good. Nothing else says so; a claim is answered under any name. */
  noteWelcome(): void;
  /** The key is refused, or another process has the name. */
  readonly refusal: () => ClientError | null;
  text(): string | null;
}

interface Hold {
  readonly untilMs: number;
  readonly lengthMs: number;
  readonly reason: string;
}

const MINUTE_MS = 60_000;
const FIRST_MS = MINUTE_MS;
const LONGEST_MS = 30 * MINUTE_MS;
const LONGEST_TEXT = 500;

export interface ProblemsDeps {
  readonly log: WorkerLog;
  readonly nowMs: () => number;
  readonly changed: () => void;
}

export function createProblems({ log, nowMs, changed }: ProblemsDeps): Problems {
  const holds = new Map<string | null, Hold>();
  const conditions = new Map<string, string>();
  let isAway = false;
  let refusal: ClientError | null = null;
  return {
    hold(project, reason) {
      const lengthMs = Math.min(LONGEST_MS, (holds.get(project)?.lengthMs ?? FIRST_MS / 2) * 2);
      holds.set(project, { untilMs: nowMs() + lengthMs, lengthMs, reason });
      log.warn(`takes nothing ${project === null ? '' : `of ${project} `}for ${lengthMs / MINUTE_MS} min`, {
        project,
        error: reason,
      });
      changed();
    },
    clear(project) {
      if ([holds.delete(project), holds.delete(null)].includes(true)) changed();
    },
    heldUntilMs: (project) => Math.max(holds.get(project)?.untilMs ?? 0, holds.get(null)?.untilMs ?? 0),
    set(name, text) {
      if ((conditions.get(name) ?? null) === text) return;
      if (text === null) conditions.delete(name);
      else {
        conditions.set(name, text);
        log.warn(text);
      }
      changed();
    },
    isBlocked: () => conditions.size > 0,
    noteReach(error) {
      if (isRefusal(error)) refusal = error;
      if (error === null && isAway) log.info('the server is there again');
      if (error !== null && !isAway) log.warn('the server cannot be reached', { error: errorText(error) });
      isAway = error !== null;
    },
    noteWelcome() {
      refusal = null;
    },
    refusal: () => refusal,
    text() {
      const active = [...holds].filter(([, { untilMs }]) => untilMs > nowMs());
      const held = active.map(([project, { reason }]) =>
        project === null ? reason : `${project}: ${reason}`,
      );
      const all = [...conditions.values(), ...held].join(' ');
      return all === '' ? null : cutEnd(all, LONGEST_TEXT);
    },
  };
}
