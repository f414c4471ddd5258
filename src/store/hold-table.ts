/** `account_holds`: accounts that have nothing left, and until when. */
import { sql } from 'drizzle-orm';
import type { AccountHold, SeenHold } from '../core/account-hold.ts';
import type { OpenDatabase } from './database.ts';
import { param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { accountHolds } from './run-schema.ts';
import { columnsBy } from './using-index.ts';

type Row = typeof accountHolds.$inferSelect;

export function createHoldTable({ client, tables }: OpenDatabase) {
  const ofAccount = sql`account = ${param('account')}`;
  const byAccount = prepareRead(client, tables.select().from(accountHolds).where(ofAccount));
  const goesOn = columnsBy<{ leaseId: string }, { leaseId: string }>(
    client,
    'lease_id AS leaseId',
    'runs WHERE lease_id = :leaseId AND ended_at IS NULL',
  );
  const lift = prepareWrite(client, tables.delete(accountHolds).where(ofAccount));
  const save = prepareWrite(
    client,
    tables
      .insert(accountHolds)
      .values(params(['account', 'until', 'detail', 'probe', 'backOffMs']))
      .onConflictDoUpdate({
        target: accountHolds.account,
        set: {
          until: sql`excluded.until`,
          detail: sql`excluded.detail`,
          probe: sql`excluded.probe`,
          backOffMs: sql`excluded.back_off_ms`,
        },
      }),
  );
  const forget = prepareWrite(
    client,
    tables
      .delete(accountHolds)
      .where(
        sql`account IN (SELECT account FROM account_holds WHERE until < ${param('before')} LIMIT ${param('limit')})`,
      ),
  );

  function of(account: string | null): AccountHold | null {
    const row = account === null ? undefined : byAccount.get({ account });
    return row === undefined ? null : toHold(row);
  }

  return {
    of,
    seen(account: string | null): SeenHold | null {
      const hold = of(account);
      if (hold === null) return null;
      const isProbed = hold.probe !== null && goesOn.get({ leaseId: hold.probe }) !== undefined;
      return { hold, isProbed };
    },
    save: (hold: AccountHold) => save.run({ ...hold, until: hold.until.getTime() }),
    lift: (account: string) => lift.run({ account }),
    /** Of accounts that nobody uses any more. Resolves to how many. */
    forgetOver: (before: Date, limit: number) => forget.run({ before: before.getTime(), limit }).changes,
  };
}

export type HoldTable = ReturnType<typeof createHoldTable>;

function toHold(row: Row): AccountHold {
  return { ...row, until: new Date(row.until) };
}
