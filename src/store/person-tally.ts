/** What one person of a front end has open, and asked for lately. Tasks of the API have no origin and do not count. */
import type { Tally, TallyWish } from '../core/person-limits.ts';
import type { OpenDatabase } from './database.ts';
import { columnsBy } from './using-index.ts';

export type PersonTally = ReturnType<typeof createPersonTally>;

export function createPersonTally({ client }: OpenDatabase) {
  const open = columnsBy<{ createdBy: string; limit: number }, { n: number }>(
    client,
    'count(*) AS n',
    `(SELECT 1 FROM tasks INDEXED BY tasks_open_of_person
      WHERE created_by = :createdBy AND origin_ref IS NOT NULL AND completed_at IS NULL LIMIT :limit)`,
  );
  // An offset for once: it is at most the number that an owner allows within an hour.
  const nthNewest = columnsBy<
    { createdBy: string; after: number; before: number; skipped: number },
    { createdAt: number }
  >(
    client,
    'created_at AS createdAt',
    `tasks INDEXED BY tasks_of_person WHERE created_by = :createdBy AND origin_ref IS NOT NULL
      AND created_at > :after AND created_at < :before ORDER BY created_at DESC LIMIT 1 OFFSET :skipped`,
  );

  return ({ actor, openUpTo, after, before, nth }: TallyWish): Tally => {
    const range = { createdBy: actor, after: after.getTime(), before: before.getTime() };
    const row = nth === null ? undefined : nthNewest.get({ ...range, skipped: nth - 1 });
    return {
      open: open.get({ createdBy: actor, limit: openUpTo })?.n ?? 0,
      nthNewestAt: row === undefined ? null : new Date(row.createdAt),
    };
  };
}
