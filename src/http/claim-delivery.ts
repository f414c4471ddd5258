/** Sends a claim's answer, once per key, and gives the task back when nobody could be told. */
import type { Context } from 'hono';
import { TransientError } from '../core/errors.ts';
import type { Answer, Clock, Store } from '../core/ports.ts';
import type { TaskService } from '../core/task-service.ts';
import { answerJson } from './answers.ts';
import { createDeliveries, type Delivery } from './deliveries.ts';
import type { HttpEnv } from './env.ts';
import { keyOf, type KeyedRequest } from './idempotency.ts';
import type { Writes } from './writes.ts';

export interface ClaimDeliveryDeps {
  readonly store: Pick<Store, 'decide'>;
  readonly tasks: TaskService;
  readonly writes: Writes;
  readonly clock: Clock;
}

type Claim = (keyed: KeyedRequest | null, to: Delivery) => Promise<Answer>;

export function createClaimDelivery({ store, tasks, writes, clock }: ClaimDeliveryDeps) {
  const deliveries = createDeliveries();

  function giveBack(c: Context<HttpEnv>, leaseId: string, key: string | undefined): void {
    const { logger, requestId } = c.var;
    store.decide(tasks.undoClaim(leaseId, key)).then(
      (undone) => {
        if (undone) logger.info({ request_id: requestId }, 'claim given back: its answer could not be sent');
      },
      (error: unknown) => {
        // A kept answer may be asked for meanwhile, and then it must stand: with a key it is the client that tries again.
        if (error instanceof TransientError && key === undefined) {
          clock.after(error.retryAfterMs, () => {
            giveBack(c, leaseId, key);
          });
          return;
        }
        // The lease runs out by itself; the task is late, not lost.
        logger.warn({ error, request_id: requestId }, 'a claim could not be given back');
      },
    );
  }

  return async (c: Context<HttpEnv>, text: string, claim: Claim): Promise<Response> => {
    const keyed = keyOf(c, text);
    const delivery = deliveries.watch(c.env.outgoing, keyed);
    let leaseId: string | null = null;
    try {
      const answer = await (keyed === null
        ? claim(null, delivery)
        : writes.runningKeys.join(keyed, () => claim(keyed, delivery)));
      leaseId = answer.leaseId;
      // One turn of the loop, so that a connection that closed right after its request is seen to be closed.
      if (leaseId !== null) await new Promise((resolve) => setImmediate(resolve));
      return answerJson(c, answer);
    } finally {
      const lease = leaseId;
      delivery.settled(
        lease === null
          ? null
          : () => {
              giveBack(c, lease, keyed?.key);
            },
      );
    }
  };
}
