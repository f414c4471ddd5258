/**
 * What this worker has spent today, kept over restarts, and what is left of `daily_cost_usd`. What a run uses counts
 * while it lives, for its neighbours and for a next process after a crash. The day is that of TZ.
 */
import path from 'node:path';
import { z } from 'zod';
import { readIfThere, writePrivate } from '../files.ts';

export interface DailySpending {
  /** Null: there is no limit. */
  readonly leftUsd: () => number | null;
  /** What a run has used so far, from its start. */
  note(run: string, costUsd: number): void;
  /** Written down, so that it outlives this process. */
  keep(): void;
  /** The run is over. */
  end(run: string): void;
}

export interface SpendingDeps {
  readonly workspace: string;
  readonly limitUsd: number | null;
  readonly now: () => Date;
  /** It could not be written down; it counts all the same, and is tried again. */
  readonly trouble: (error: unknown) => void;
}

const schema = z.object({ day: z.string(), cost_usd: z.number().min(0) });

export function createDailySpending({ workspace, limitUsd, now, trouble }: SpendingDeps): DailySpending {
  const file = path.join(workspace, 'spending.json');
  let { day, cost_usd: spent } = read(file);
  let kept = lineOf({ day, cost_usd: spent });
  const runs = new Map<string, number>();
  const turn = () => {
    const today = dayOf(now());
    if (day !== today) [day, spent] = [today, 0];
  };
  function keep(): void {
    const line = lineOf({ day, cost_usd: spent });
    if (line === kept) return;
    try {
      writePrivate(file, line);
      kept = line;
    } catch (error) {
      trouble(error);
    }
  }
  return {
    leftUsd() {
      turn();
      return limitUsd === null ? null : Math.max(0, limitUsd - spent);
    },
    note(run, costUsd) {
      turn();
      spent += Math.max(0, costUsd - (runs.get(run) ?? 0));
      runs.set(run, costUsd);
    },
    keep,
    end(run) {
      runs.delete(run);
      keep();
    },
  };
}

function dayOf(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

function lineOf(spending: z.infer<typeof schema>): string {
  return `${JSON.stringify(spending)}\n`;
}

function read(file: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readIfThere(file) ?? ''));
  } catch {
    return { day: '', cost_usd: 0 };
  }
}
