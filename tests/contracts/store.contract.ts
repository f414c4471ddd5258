/**
 * What every Store implementation must do. An implementation's test calls `storeContract` with a way to
 * open an empty store of its own; everything here goes through the port and the use cases alone.
 */
import { describe, expect, it } from 'vitest';
import { storeAdminContract } from './store-admin.contract.ts';
import { storeClaimsContract } from './store-claims.contract.ts';
import { storeCommitsContract } from './store-commits.contract.ts';
import { storeKeysContract } from './store-keys.contract.ts';
import { storeLimitsContract } from './store-limits.contract.ts';
import { storeListsContract } from './store-lists.contract.ts';
import { storeMatchingContract } from './store-matching.contract.ts';
import { storeMovesContract } from './store-moves.contract.ts';
import { storeOnceContract } from './store-once.contract.ts';
import { storePeopleContract } from './store-people.contract.ts';
import { storeQuestionsContract } from './store-questions.contract.ts';
import { storeHoldsContract } from './store-holds.contract.ts';
import { storeReleasesContract } from './store-releases.contract.ts';
import { storeRepliesContract } from './store-replies.contract.ts';
import { storeReportsContract } from './store-reports.contract.ts';
import { storeRetentionContract } from './store-retention.contract.ts';
import { storeRunRetentionContract } from './store-run-retention.contract.ts';
import { storeRunsContract } from './store-runs.contract.ts';
import { submit, taskOf, type OpenStoreWorld } from './store-world.ts';

export function storeContract(name: string, open: OpenStoreWorld): void {
  describe(name, () => {
    it('keeps texts as they were sent', async () => {
      const world = await open();
      const texts = [
        'a\r\nb\tc',
        "'; DROP TABLE tasks; --",
        '😀 — ünïcödé',
        ' spaces ',
        'x'.repeat(4000),
        '\u2028{}"\\',
      ];
      for (const description of texts) {
        const { id } = await submit(world, { description, submittedBy: description.slice(0, 100) });
        expect(await taskOf(world, id)).toMatchObject({
          description,
          submittedBy: description.slice(0, 100),
        });
        expect((await world.store.events(id))[0]?.details.description).toBe(description);
      }
    });

    it('answers with the task exactly as it will be read', async () => {
      const world = await open();
      const origin = { frontEnd: 'discord', ref: 'i-1' };
      const made = await submit(world, { target: 'nas', submittedBy: '@ada', actor: 'discord:7', origin });
      expect(made).toEqual(await taskOf(world, made.id));
      expect(made).toMatchObject({ origin, createdBy: 'discord:7', maxAttempts: 3, priority: 'medium' });
    });

    it('knows nothing of a task that never was', async () => {
      const world = await open();
      expect(await world.store.task(1)).toBeNull();
      await expect(world.store.ping()).resolves.toBeUndefined();
    });

    storeMovesContract(open);
    storeClaimsContract(open);
    storeMatchingContract(open);
    storeLimitsContract(open);
    storeOnceContract(open);
    storeListsContract(open);
    storeRetentionContract(open);
    storeCommitsContract(open);
    storePeopleContract(open);
    storeAdminContract(open);
    storeKeysContract(open);
    storeRunsContract(open);
    storeRepliesContract(open);
    storeQuestionsContract(open);
    storeHoldsContract(open);
    storeReleasesContract(open);
    storeReportsContract(open);
    storeRunRetentionContract(open);
  });
}
