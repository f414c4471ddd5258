/**
 * What was chosen before a form for a new task was opened, and has no room in it: a form carries its texts and an id,
 * no more. It is kept in memory for as long as somebody may be writing; after a restart they are told to begin anew.
 */
import { SnowflakeUtil } from 'discord.js';
import type { Clock } from '../../core/ports.ts';
import type { GivenFile } from './files.ts';

/** As it was given, not yet looked at; what is left out is not there. */
export interface Chosen {
  readonly project?: string | undefined;
  readonly requires?: string | undefined;
  readonly model?: string | undefined;
  readonly max_cost_usd?: string | undefined;
  readonly max_tokens?: string | undefined;
  readonly max_turns?: string | undefined;
  readonly max_minutes?: string | undefined;
  readonly files?: readonly GivenFile[] | undefined;
}

export interface PendingForms {
  keep(id: string, chosen: Chosen): void;
  find(id: string): Chosen | null;
  /** Whether it would not be kept any more: the id is that of the interaction that opened the form. */
  isTooLate(id: string): boolean;
}

const KEPT_MS = 60 * 60_000;
const MOST = 500;

export function createPendingForms(clock: Clock): PendingForms {
  const kept = new Map<string, { readonly chosen: Chosen; readonly until: number }>();
  return {
    keep(id, chosen) {
      kept.set(id, { chosen, until: clock.monotonicMs() + KEPT_MS });
      const [oldest] = kept.keys();
      if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
    },
    find(id) {
      const found = kept.get(id);
      return found !== undefined && found.until > clock.monotonicMs() ? found.chosen : null;
    },
    isTooLate: (id) => clock.now().getTime() - SnowflakeUtil.timestampFrom(id) >= KEPT_MS,
  };
}
