/**
 * What a caller can ask of the queue, in the words of the wire. Leases and holders cannot be known when a
 * command is made up, so it may name them by a mark (`~0` is the newest lease of its task), which is
 * put right when the command is sent.
 */
import type { Priority, TaskStatus } from '../../src/core/vocabulary.ts';

export const WRITES = [
  'add',
  'edit',
  'priority',
  'cancel',
  'requeue',
  'claim',
  'claimNext',
  'complete',
  'fail',
  'release',
  'setStatus',
  'pause',
  'resume',
  'heartbeat',
] as const;
export type Write = (typeof WRITES)[number];
export type Read = 'get' | 'logs' | 'list' | 'peek' | 'stats' | 'instances';
/** Time itself: the clock moves on, and what that brings about is done in two steps of their own. */
export type Passing = 'advance' | 'expire' | 'promote';

export interface Body {
  readonly description?: string;
  readonly priority?: Priority;
  readonly target?: string;
  readonly submitted_by?: string;
  readonly project?: string;
  readonly requires?: readonly string[];
  readonly model?: string;
  readonly max_cost_usd?: number;
  readonly max_turns?: number;
  readonly projects?: readonly (string | null)[];
  readonly capabilities?: readonly string[];
  readonly instance_id?: string;
  readonly instance_name?: string;
  readonly lease_seconds?: number;
  readonly wait_seconds?: number;
  readonly lease_id?: string;
  readonly lease_ids?: readonly string[];
  readonly notes?: string;
  readonly error?: string;
  readonly retry?: boolean;
  readonly retry_in_seconds?: number;
  readonly reason?: string;
  readonly status?: TaskStatus;
}

export interface Command {
  readonly do: Write | Read | Passing;
  readonly id?: number;
  readonly body: Body;
  /** Idempotency key; for writes only. */
  readonly key?: string;
  /** Of a list: which statuses, and the size of a page. */
  readonly statuses?: readonly TaskStatus[];
  readonly limit?: number;
  /** Of `advance`. */
  readonly ms?: number;
}

/** A claim that was answered. */
export interface Given {
  readonly leaseId: string;
  readonly taskId: number;
  readonly instanceId: string;
}

const NO_SUCH_LEASE = 'lease-of-nobody';
const NOBODY = 'nobody';

/** The command as it is sent: every mark replaced by what is known of the claims so far. */
export function resolve(command: Command, given: readonly Given[]): Command {
  const { instance_id: instanceId, lease_id: leaseId, lease_ids: leaseIds } = command.body;
  const lease = (mark: string) => find(mark, command.id, given)?.leaseId ?? NO_SUCH_LEASE;
  const body = {
    ...command.body,
    ...(instanceId === '~' && { instance_id: find('~0', command.id, given)?.instanceId ?? NOBODY }),
    ...(leaseId !== undefined && { lease_id: lease(leaseId) }),
    ...(leaseIds !== undefined && { lease_ids: leaseIds.map(lease) }),
  };
  return { ...command, body };
}

/** `~n`: the lease of this task that was given n claims before its newest one; `*n`: of any task. */
function find(mark: string, task: number | undefined, given: readonly Given[]): Given | undefined {
  const among = mark.startsWith('~') ? given.filter(({ taskId }) => taskId === task) : given;
  return among.at(-1 - Number(mark.slice(1)));
}

/** What an answer tells about a claim, if it is a claim's. */
export function givenBy(body: unknown): Given | null {
  const { task, lease } = body as Partial<{
    task: { id: number; instance_id: string };
    lease: { lease_id: string };
  }>;
  if (!task || !lease) return null;
  return { leaseId: lease.lease_id, taskId: task.id, instanceId: task.instance_id };
}
