/** A client that works on a queue until its server dies, and remembers what it was told. */
import type { Send, Sent } from './http-world.ts';

/** Random numbers that a seed repeats (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Pending extends Sent {
  readonly path: string;
  readonly kind: 'add' | 'claim' | 'complete';
}

interface Held {
  readonly id: number;
  readonly leaseId: string;
}

/** What was acknowledged. */
export interface Ledger {
  /** Id by description. */
  readonly added: Map<string, number>;
  /** Lease by task, for claims that were answered; a task is here once however often it was claimed. */
  readonly claimed: Map<number, string[]>;
  readonly completed: Set<number>;
  /** Sent, and never answered. */
  readonly unanswered: Pending[];
  readonly odd: string[];
}

export function newLedger(): Ledger {
  return { added: new Map(), claimed: new Map(), completed: new Set(), unanswered: [], odd: [] };
}

interface Answers {
  readonly task?: { readonly id: number; readonly description: string } | null;
  readonly lease?: { readonly lease_id: string };
}

export function createWorker(name: string, { ledger, random }: { ledger: Ledger; random: () => number }) {
  const held: Held[] = [];
  let count = 0;

  /** False when the server is gone. */
  async function ask(send: Send, request: Pending): Promise<boolean> {
    const reply = await send('POST', request.path, request).catch(() => null);
    if (reply === null) ledger.unanswered.push(request);
    else if (reply.status >= 300) ledger.odd.push(`${request.path}: ${reply.status} ${reply.text}`);
    else writeDown(request.kind, reply.json as Answers);
    return reply !== null;
  }

  function writeDown(kind: Pending['kind'], { task, lease }: Answers): void {
    if (!task) return;
    if (kind === 'add') ledger.added.set(task.description, task.id);
    if (kind === 'complete') ledger.completed.add(task.id);
    if (kind !== 'claim' || !lease) return;
    ledger.claimed.set(task.id, [...(ledger.claimed.get(task.id) ?? []), lease.lease_id]);
    held.push({ id: task.id, leaseId: lease.lease_id });
  }

  function next(): Pending {
    const idempotencyKey = `${name}-${(count += 1)}`;
    const dice = random();
    const mine = dice < 0.3 ? held.shift() : undefined;
    if (mine !== undefined) {
      const body = { lease_id: mine.leaseId, notes: `by ${name}` };
      return { kind: 'complete', path: `/api/tasks/${mine.id}/complete`, body, idempotencyKey };
    }
    if (dice < 0.65) {
      const body = { instance_id: name };
      return { kind: 'claim', path: '/api/tasks/claim', body, idempotencyKey };
    }
    const body = { description: idempotencyKey };
    return { kind: 'add', path: '/api/tasks', body, idempotencyKey };
  }

  return {
    /** Until the server is gone. */
    async work(send: Send): Promise<void> {
      while (await ask(send, next()));
    },
    /** Sends again, word for word, what was never answered. */
    async retry(send: Send): Promise<void> {
      const mine = ledger.unanswered.filter(({ idempotencyKey }) => idempotencyKey?.startsWith(`${name}-`));
      for (const request of mine) {
        ledger.unanswered.splice(ledger.unanswered.indexOf(request), 1);
        await ask(send, request);
      }
    },
  };
}
