/** Claims over HTTP: by id at once, or the next one with patience. */
import type { Context } from 'hono';
import type { Claimed, ClaimedNext, ClaimRequest } from '../core/claim-use-cases.ts';
import { lanesFor } from '../core/lanes.ts';
import type { Answer, Once, Store } from '../core/ports.ts';
import type { WaitingClaims } from '../core/waiting-claims.ts';
import type { Work } from '../core/work.ts';
import { createClaimDelivery, type ClaimDeliveryDeps } from './claim-delivery.ts';
import type { Delivery } from './deliveries.ts';
import type { HttpEnv } from './env.ts';
import type { KeyedRequest } from './idempotency.ts';
import { toLeaseView, toTaskView } from './views.ts';

export interface ClaimDeps extends ClaimDeliveryDeps {
  readonly store: Store;
  readonly waitingClaims: WaitingClaims;
}

interface For {
  readonly keyed: KeyedRequest | null;
  readonly delivery: Delivery;
}

export type Claims = ReturnType<typeof createClaims>;

export function createClaims(deps: ClaimDeps) {
  const { store, tasks, waitingClaims } = deps;
  const deliver = createClaimDelivery(deps);

  function decide<R>(work: Work<R>, { keyed, delivery }: For, toAnswer: Once<R>['render']): Promise<Answer> {
    // Not called for a kept answer.
    const render = (result: R) => {
      const answer = toAnswer(result);
      if (answer.leaseId !== null) delivery.made();
      return answer;
    };
    return keyed === null ? store.decide(work).then(render) : store.decideOnce(work, { ...keyed, render });
  }

  return {
    byId(c: Context<HttpEnv>, text: string, wanted: { id: number; by: ClaimRequest }): Promise<Response> {
      return deliver(c, text, (keyed, delivery) =>
        decide(tasks.claim(wanted.id, wanted.by), { keyed, delivery }, toClaimedAnswer),
      );
    },

    next(c: Context<HttpEnv>, text: string, wanted: { by: ClaimRequest; waitMs: number }): Promise<Response> {
      return deliver(c, text, (keyed, delivery) =>
        waitingClaims.claim<Answer>({
          lanes: lanesFor(wanted.by.instanceId),
          waitMs: wanted.waitMs,
          onGone: (leave) => {
            delivery.onGone(leave);
          },
          async attempt(isClosing) {
            let paused = false;
            const work = tasks.claimNext(wanted.by, () => delivery.isGone() || isClosing());
            const answer = await decide(work, { keyed, delivery }, (result) => {
              paused = result.claimed === null && result.paused;
              return toNextAnswer(result);
            });
            return { answer, got: answer.leaseId !== null, paused };
          },
        }),
      );
    },
  };
}

function toClaimedAnswer(claimed: Claimed): Answer {
  const body = { status: claimed.task.status, task: toTaskView(claimed.task), lease: toLeaseView(claimed) };
  return { status: 200, body: JSON.stringify(body), leaseId: claimed.leaseId };
}

function toNextAnswer(result: ClaimedNext): Answer {
  if (result.claimed !== null) return toClaimedAnswer(result.claimed);
  const body = result.paused ? { task: null, paused: true } : { task: null };
  return { status: 200, body: JSON.stringify(body), leaseId: null };
}
