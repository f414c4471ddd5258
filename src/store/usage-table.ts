/** What runs have cost since a time: read in pages, so that a long month never holds anybody up. */
import type { Usage, UsageGroup, UsageKey } from '../core/run-ports.ts';
import type { OpenDatabase } from './database.ts';
import { columnsBy } from './using-index.ts';

const PAGE = 1000;

interface UsedRow {
  readonly leaseId: string;
  readonly startedAt: number;
  readonly taskId: number;
  readonly user: string | null;
  readonly project: string | null;
  readonly model: string | null;
  readonly costUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export function createUsageTable({ client }: OpenDatabase) {
  const page = columnsBy<{ since: number; lease: string; limit: number }, UsedRow>(
    client,
    `lease_id AS leaseId, started_at AS startedAt, task_id AS taskId, submitted_by AS user, project, model,
     cost_usd AS costUsd, input_tokens AS inputTokens, output_tokens AS outputTokens`,
    `runs INDEXED BY runs_started WHERE (started_at, lease_id) > (:since, :lease)
     ORDER BY started_at, lease_id LIMIT :limit`,
  );

  return {
    /** `pause` is awaited between two pages. */
    async since(
      { since, groupBy }: { since: Date; groupBy: readonly UsageKey[] },
      pause: () => Promise<void>,
    ): Promise<{ total: Usage; groups: readonly UsageGroup[] }> {
      const sums = createSums(groupBy);
      let from = { since: since.getTime(), lease: '' };
      for (;;) {
        const rows = page.all({ ...from, limit: PAGE });
        for (const row of rows) sums.add(row);
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE) return sums.all();
        from = { since: last.startedAt, lease: last.leaseId };
        await pause();
      }
    },
  };
}

interface Sum {
  readonly key: UsageGroup['key'];
  readonly tasks: Set<number>;
  costUsd: number;
  inputTokens: number;
  outputTokens: number;
}

const newSum = (key: UsageGroup['key']): Sum => ({
  key,
  tasks: new Set(),
  costUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
});

function createSums(groupBy: readonly UsageKey[]) {
  const total = newSum({});
  const groups = new Map<string, Sum>();

  function groupOf(row: UsedRow): Sum {
    const key = Object.fromEntries(groupBy.map((name) => [name, row[name]]));
    const name = JSON.stringify(key);
    const known = groups.get(name) ?? newSum(key);
    groups.set(name, known);
    return known;
  }

  return {
    add(row: UsedRow): void {
      for (const sum of groupBy.length === 0 ? [total] : [total, groupOf(row)]) {
        sum.tasks.add(row.taskId);
        sum.costUsd += row.costUsd;
        sum.inputTokens += row.inputTokens;
        sum.outputTokens += row.outputTokens;
      }
    },
    /** Whoever has spent most comes first. */
    all: () => ({
      total: toUsage(total),
      groups: [...groups.values()]
        .map((sum) => ({ key: sum.key, ...toUsage(sum) }))
        .sort((a, b) => b.costUsd - a.costUsd),
    }),
  };
}

function toUsage({ tasks, costUsd, inputTokens, outputTokens }: Sum): Usage {
  return { tasks: tasks.size, costUsd: Math.round(costUsd * 1e6) / 1e6, inputTokens, outputTokens };
}
