/** One queue that can be asked, however it is reached; every driver understands every command. */
import type { ManualClock } from '../../support/clock.ts';
import type { Store } from '../../../src/core/ports.ts';
import { createSweepService } from '../../../src/core/sweep-service.ts';
import type { Command, Passing } from '../command.ts';
import type { Answer } from '../model/explain.ts';
import { LEASE_MS, MAX_ATTEMPTS } from '../model/policy.ts';

export const POLICY = { leaseMs: LEASE_MS, maxAttempts: MAX_ATTEMPTS };

export interface Driver {
  ask(command: Command): Promise<Answer>;
  /** Throws when what lies in the store contradicts itself. */
  inspect?(): Promise<void>;
  close(): Promise<void>;
}

export const isPassing = (command: Command): command is Command & { do: Passing } =>
  command.do === 'advance' || command.do === 'expire' || command.do === 'promote';

/** Time is nobody's request: the clock moves, and the sweeper's work is done when a command says so. */
export function createTime({ clock, store }: { clock: ManualClock; store: Store }) {
  const sweeps = createSweepService({ clock });
  return async (command: Command & { do: Passing }): Promise<Answer> => {
    if (command.do === 'advance') clock.advance(command.ms ?? 0);
    else await store.decide(command.do === 'expire' ? sweeps.expireLeases() : sweeps.promoteDueTasks());
    return { status: 200, body: {} };
  };
}

export interface Named {
  readonly id: string;
}

/** The order of a list whose order is nobody's promise. */
export const byId = <T extends Named>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
