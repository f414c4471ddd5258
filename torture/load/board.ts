/** What the actors know of the queue, rightly or not: tasks to do something to. */
import type { Dice } from '../random.ts';

const REMEMBERED = 400;

export interface Board {
  /** A task was seen in this state. */
  saw(taskId: number, status: string): void;
  pick(dice: Dice, status: 'pending' | 'in_progress' | 'ended'): number | undefined;
  /** How many wait, as far as is known; set by whoever asks the server. */
  pending: number;
  undelivered: number;
}

export function createBoard(): Board {
  const lists = { pending: [] as number[], in_progress: [] as number[], ended: [] as number[] };
  const listOf = (status: string): keyof typeof lists | null => {
    if (status === 'pending' || status === 'in_progress') return status;
    return status === 'failed' || status === 'cancelled' ? 'ended' : null;
  };
  return {
    pending: 0,
    undelivered: 0,
    saw(taskId, status) {
      for (const list of Object.values(lists)) {
        const at = list.indexOf(taskId);
        if (at !== -1) list.splice(at, 1);
      }
      const name = listOf(status);
      if (name === null) return;
      lists[name].push(taskId);
      if (lists[name].length > REMEMBERED) lists[name].shift();
    },
    pick: (dice, status) => dice.pick(lists[status]),
  };
}
