/** Proving that this machine holds a task, or acting as the operator for one that is gone. */
import type { Given } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError, usageError } from '../errors.ts';
import { taskId } from '../given.ts';

export interface Proof {
  readonly instance_id?: string;
  readonly lease_id?: string;
}

/**
 * Calls with the remembered lease, or the instance alone where none is remembered; with `--force` as operator.
 * A lease that ended with this call, or had ended before, is forgotten.
 */
export async function withProof<T>(
  deps: Deps,
  given: Given,
  { verb, call }: { verb: string; call: (id: number, proof: Proof) => Promise<T> },
): Promise<T> {
  const id = taskId(given.words[0]);
  const isForced = given.options['force'] === true;
  if (isForced) await confirm(deps, given, `${verb} #${id}`);
  const remembered = deps.leases().find(id);
  try {
    const answer = await call(id, isForced ? {} : proofOf(deps, remembered?.lease_id));
    await forget(deps, remembered?.lease_id);
    return answer;
  } catch (error) {
    if (!isLost(error)) throw error;
    await forget(deps, remembered?.lease_id);
    throw error.withHint(nextStep(error, { id, verb, isForced }));
  }
}

/** An operator can take a task from its holder; for one that nobody holds there is nothing to force. */
function nextStep(
  { code, facts }: ClientError,
  { id, verb, isForced }: { id: number; verb: string; isForced: boolean },
): string {
  const { status = 'in_progress' } = (facts.details ?? {}) as { status?: unknown };
  if (code === 'lease_lost' && status === 'in_progress' && !isForced) {
    return `If its machine is gone: "claude-task-client ${verb} ${id} --force".`;
  }
  const again =
    status === 'failed' || status === 'cancelled'
      ? `, or give it another chance with "claude-task-client requeue ${id}"`
      : '';
  return `Look at it with "claude-task-client show ${id}"${again}.`;
}

function proofOf(deps: Deps, leaseId: string | undefined): Proof {
  return { instance_id: deps.config().instanceId, ...(leaseId !== undefined && { lease_id: leaseId }) };
}

function isLost(error: unknown): error is ClientError {
  return error instanceof ClientError && ['lease_lost', 'invalid_transition'].includes(error.code);
}

async function forget(deps: Deps, leaseId: string | undefined): Promise<void> {
  if (leaseId === undefined) return;
  // The work is done; a state folder that cannot be written must not make it look undone.
  await deps
    .leases()
    .forget(leaseId)
    .catch(() => {});
}

async function confirm({ io }: Deps, { options }: Given, action: string): Promise<void> {
  if (options['yes'] === true) return;
  if (!io.isInteractive) {
    throw usageError('--force takes a task away from whoever holds it.', 'Add --yes to confirm.');
  }
  const reply = await io.ask(`⚠️ As operator, whoever holds it: ${action}? [y/N] `);
  if (!/^y(es)?$/i.test(reply.trim())) throw new ClientError('not_confirmed', 'Nothing was done.');
}
