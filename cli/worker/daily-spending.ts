/** What this worker has spent today, kept over restarts, and what is left of `daily_cost_usd`. The day is that of TZ. */
import path from 'node:path';
import { z } from 'zod';
import { readIfThere, writePrivate } from '../files.ts';

export interface DailySpending {
  /** Null: there is no limit. */
  readonly leftUsd: () => number | null;
  add(costUsd: number): void;
}

export interface SpendingDeps {
  readonly workspace: string;
  readonly limitUsd: number | null;
  readonly now: () => Date;
}

const schema = z.object({ day: z.string(), cost_usd: z.number().min(0) });

export function createDailySpending({ workspace, limitUsd, now }: SpendingDeps): DailySpending {
  const file = path.join(workspace, 'spending.json');
  let { day, cost_usd: spent } = read(file);
  const turn = () => {
    const today = dayOf(now());
    if (day !== today) [day, spent] = [today, 0];
  };
  return {
    leftUsd() {
      turn();
      return limitUsd === null ? null : Math.max(0, limitUsd - spent);
    },
    add(costUsd) {
      if (costUsd <= 0) return;
      turn();
      spent += costUsd;
      writePrivate(file, `${JSON.stringify({ day, cost_usd: spent })}\n`);
    },
  };
}

function dayOf(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

function read(file: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readIfThere(file) ?? ''));
  } catch {
    return { day: '', cost_usd: 0 };
  }
}
