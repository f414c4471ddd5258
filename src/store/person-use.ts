/** What is done for one person right now and today, as far as limits ask for it. */
import type { LimitsNow, PersonUse } from '../core/run-limits.ts';
import type { OpenDatabase } from './database.ts';
import { columnsBy } from './using-index.ts';

/** More than this is not counted: it is over any limit that makes sense. */
const COUNTED = 1000;

export type PersonUseOf = (person: string, limits: LimitsNow) => PersonUse;

export function createPersonUse({ client }: OpenDatabase): PersonUseOf {
  const running = columnsBy<{ person: string; limit: number }, { n: number }>(
    client,
    'count(*) AS n',
    `(SELECT 1 FROM tasks INDEXED BY tasks_running_of_person
      WHERE status = 'in_progress' AND person = :person LIMIT :limit)`,
  );
  const cost = columnsBy<{ person: string; since: number }, { costUsd: number }>(
    client,
    'total(cost_usd) AS costUsd',
    'runs INDEXED BY runs_of_person WHERE person = :person AND started_at >= :since',
  );
  return (person, limits) => {
    const limit = Math.max(COUNTED, limits.running ?? 0);
    return {
      running: limits.running === null ? 0 : (running.get({ person, limit })?.n ?? 0),
      costUsd:
        limits.costUsd === null ? 0 : (cost.get({ person, since: limits.dayStart.getTime() })?.costUsd ?? 0),
    };
  };
}
