/**
 * The queue once more, in the fewest words: plain maps, no store, none of the program's own rules. What
 * the real one answers must be what this says.
 */
import type { LeaseOutcome, Priority, TaskStatus } from '../../src/core/vocabulary.ts';

export const MODEL_LEASE_MS = 60_000;
export const MODEL_ATTEMPTS = 2;

export interface ModelTask {
  id: number;
  status: TaskStatus;
  priority: Priority;
  target: string | null;
  description: string;
  holder: string | null;
  lease: string | null;
  expires: number | null;
  attempt: number;
  notes: string | null;
  notBefore: number | null;
  /** Told so far about this task. */
  events: string[];
}

interface ModelLease {
  readonly id: string;
  readonly task: number;
  readonly holder: string;
  outcome: LeaseOutcome | null;
  endedBy: string | null;
}

export interface Who {
  readonly instance?: string | undefined;
  readonly lease?: string | undefined;
}

/** A refusal's code, or the task as it is afterwards. */
export type Said = { readonly refused: string } | { readonly task: ModelTask | null };

const RANK: Readonly<Record<Priority, number>> = { high: 1, medium: 2, low: 3 };
const OVER: readonly TaskStatus[] = ['completed', 'failed', 'cancelled'];

export class QueueModel {
  readonly tasks = new Map<number, ModelTask>();
  readonly leases = new Map<string, ModelLease>();
  paused = false;
  now = 0;

  submit(description: string, priority: Priority, target: string | null): Said {
    const id = this.tasks.size + 1;
    const free = { holder: null, lease: null, expires: null, attempt: 0, notes: null, notBefore: null };
    const task: ModelTask = {
      id,
      status: 'pending',
      priority,
      target,
      description,
      ...free,
      events: ['created'],
    };
    this.tasks.set(id, task);
    return { task };
  }

  /** The id that claim-next must hand out now. */
  next(instance: string): number | null {
    if (this.paused) return null;
    const ready = [...this.tasks.values()].filter(
      (task) =>
        task.status === 'pending' && task.notBefore === null && (task.target ?? instance) === instance,
    );
    ready.sort((a, b) => RANK[a.priority] - RANK[b.priority] || a.id - b.id);
    return ready[0]?.id ?? null;
  }

  claim(id: number, instance: string, lease: string): Said {
    const task = this.tasks.get(id);
    if (!task) return { refused: 'task_not_found' };
    if (task.status !== 'pending') return { refused: 'task_not_claimable' };
    this.leases.set(lease, { id: lease, task: id, holder: instance, outcome: null, endedBy: null });
    Object.assign(task, { status: 'in_progress', holder: instance, lease, notBefore: null });
    task.attempt += 1;
    task.expires = this.now + MODEL_LEASE_MS;
    task.events.push('claimed');
    return { task };
  }

  /** The frame of every end: unknown, repeated, not the caller's, in the wrong state, or done. */
  end(id: number, who: Who, outcomes: LeaseOutcome[], make: (task: ModelTask, by: string) => void): Said {
    const task = this.tasks.get(id);
    if (!task) return { refused: 'task_not_found' };
    if (this.repeats(id, who, outcomes)) return { task };
    const mine = { holder: who.instance ?? task.holder, lease: who.lease ?? task.lease };
    if (mine.holder !== task.holder || mine.lease !== task.lease) return { refused: 'lease_lost' };
    if (task.status !== 'in_progress') return { refused: 'invalid_transition' };
    make(task, this.nameOf(who));
    return { task };
  }

  /** Who the trail says it was. */
  nameOf({ instance, lease = '' }: Who): string {
    return instance ?? this.leases.get(lease)?.holder ?? 'operator';
  }

  /** Whether this lease ended this very task in one of these ways, by the hand of its own holder. */
  repeats(id: number, who: Who, outcomes: readonly LeaseOutcome[]): boolean {
    const lease = this.leases.get(who.lease ?? '');
    if (lease?.task !== id || lease.outcome === null || !outcomes.includes(lease.outcome)) return false;
    return lease.endedBy === lease.holder && (who.instance ?? lease.holder) === lease.holder;
  }

  complete(id: number, who: Who, notes?: string): Said {
    return this.end(id, who, ['completed'], (task, by) => {
      if (notes !== undefined) task.notes = notes;
      this.finish(task, 'completed', 'completed', by);
    });
  }

  fail(id: number, who: Who, how: { retry: boolean; delay: number }): Said {
    return this.end(id, who, ['failed', 'retried'], (task, by) => {
      if (how.retry && task.attempt < MODEL_ATTEMPTS) this.back(task, 'retried', by, how.delay);
      else this.finish(task, 'failed', 'failed', by);
    });
  }

  release(id: number, who: Who): Said {
    return this.end(id, who, ['released'], (task, by) => {
      task.attempt -= 1;
      this.back(task, 'released', by, 0);
    });
  }

  undo(lease: string): boolean {
    const task = this.tasks.get(this.leases.get(lease)?.task ?? 0);
    if (task?.lease !== lease) return false;
    task.attempt -= 1;
    this.back(task, 'released', 'system', 0, 'undelivered');
    return true;
  }

  cancel(id: number): Said {
    return this.person(id, (task) => {
      if (OVER.includes(task.status)) return false;
      this.finish(task, 'cancelled', 'cancelled', 'operator');
      return true;
    });
  }

  requeue(id: number): Said {
    return this.person(id, (task) => {
      if (task.status !== 'failed' && task.status !== 'cancelled') return false;
      Object.assign(task, { status: 'pending', holder: null, attempt: 0 });
      task.events.push('requeued');
      return true;
    });
  }

  edit(id: number, description: string): Said {
    return this.person(id, (task) => {
      if (task.status !== 'pending') return false;
      if (task.description !== description) task.events.push('edited');
      task.description = description;
      return true;
    });
  }

  raise(id: number, priority: Priority): Said {
    return this.person(id, (task) => {
      if (OVER.includes(task.status)) return false;
      if (task.priority !== priority) task.events.push('priority_changed');
      task.priority = priority;
      return true;
    });
  }

  /** The ids whose leases a heartbeat renews, and those it names as lost. */
  beat(instance: string, named: readonly string[] | undefined): { renewed: string[]; lost: string[] } {
    const held = [...this.tasks.values()].filter((task) => task.lease !== null && task.holder === instance);
    const renewed = held.filter((task) => named === undefined || named.includes(task.lease ?? ''));
    for (const task of renewed) task.expires = this.now + MODEL_LEASE_MS;
    const live = renewed.map((task) => task.lease ?? '');
    return { renewed: live, lost: [...new Set(named)].filter((lease) => !live.includes(lease)) };
  }

  /** Time passes, and what it brings about happens. */
  pass(ms: number): void {
    this.now += ms;
    for (const task of this.tasks.values()) {
      if (task.notBefore !== null && task.notBefore <= this.now) task.notBefore = null;
      if (task.expires === null || task.expires > this.now) continue;
      if (task.attempt < MODEL_ATTEMPTS) this.back(task, 'expired', 'system', 0);
      else this.finish(task, 'failed', 'expired', 'system');
    }
  }

  private person(id: number, act: (task: ModelTask) => boolean): Said {
    const task = this.tasks.get(id);
    if (!task) return { refused: 'task_not_found' };
    return act(task) ? { task } : { refused: 'invalid_transition' };
  }

  private finish(task: ModelTask, status: TaskStatus, outcome: LeaseOutcome, by: string): void {
    this.endLease(task, outcome, by);
    task.status = status;
    task.notBefore = null;
    task.events.push(status);
  }

  private back(
    task: ModelTask,
    event: string,
    by: string,
    delay: number,
    outcome = event as LeaseOutcome,
  ): void {
    this.endLease(task, outcome, by);
    task.notBefore = delay > 0 ? this.now + delay : null;
    Object.assign(task, { status: 'pending', holder: null });
    task.events.push(event);
  }

  private endLease(task: ModelTask, outcome: LeaseOutcome, by: string): void {
    const lease = this.leases.get(task.lease ?? '');
    if (lease) Object.assign(lease, { outcome, endedBy: by });
    task.lease = task.expires = null;
  }
}
