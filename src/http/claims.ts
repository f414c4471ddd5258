/** Claims over HTTP: by id at once, or the next one with patience. */
import type { Context } from 'hono';
import type { Claimed, ClaimedNext, ClaimRequest } from '../core/claim-use-cases.ts';
import type { ActingKey } from '../core/key.ts';
import { claimantOf } from '../core/lanes.ts';
import type { Answer, Store } from '../core/ports.ts';
import type { Attempted, WaitingClaims } from '../core/waiting-claims.ts';
import type { Work } from '../core/work.ts';
import { createClaimDelivery, type ClaimDeliveryDeps } from './claim-delivery.ts';
import type { Delivery } from './deliveries.ts';
import type { HttpEnv } from './env.ts';
import type { KeyedRequest } from './idempotency.ts';
import type { Keyring } from './keyring.ts';
import { toReplyView, toRunStartView } from './run-views.ts';
import { toLeaseView, toTaskView } from './views.ts';

export interface ClaimDeps extends ClaimDeliveryDeps {
  readonly store: Store;
  readonly waitingClaims: WaitingClaims;
  readonly keyring: Keyring;
}

interface For {
  readonly keyed: KeyedRequest | null;
  readonly delivery: Delivery;
}

type ToAnswer<R> = (result: R) => Answer;

export type Claims = ReturnType<typeof createClaims>;

export function createClaims(deps: ClaimDeps) {
  const { store, tasks, waitingClaims, keyring, clock } = deps;
  const deliver = createClaimDelivery(deps);

  function decide<R>(work: Work<R>, { keyed, delivery }: For, toAnswer: ToAnswer<R>): Promise<Answer> {
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
      keyring.requireLive(c.get('key'));
      return deliver(c, text, (keyed, delivery) =>
        decide(tasks.claim(wanted.id, wanted.by), { keyed, delivery }, toClaimedAnswer),
      );
    },

    next(c: Context<HttpEnv>, text: string, wanted: { by: ClaimRequest; waitMs: number }): Promise<Response> {
      const key = c.get('key');
      return deliver(c, text, async (keyed, delivery) => {
        const patience = patienceOf(key, delivery, keyring);
        try {
          return await waitingClaims.claim<Answer>({
            claimant: claimantOf(wanted.by),
            waitMs: wanted.waitMs,
            onGone: (leave) => {
              patience.onOver(leave);
            },
            async attempt(isClosing) {
              keyring.requireLive(key);
              let why = NO_REASON;
              const isGone = () => patience.isOver() || isClosing();
              const once = () =>
                decide(tasks.claimNext(wanted.by, isGone), { keyed, delivery }, (result) => {
                  why = whyNothing(result, clock.now());
                  return toNextAnswer(result);
                });
              let answer = await once();
              while (why.isMore && !isGone()) answer = await once();
              return { answer, got: answer.leaseId !== null, ...why };
            },
          });
        } finally {
          patience.end();
        }
      });
    },
  };
}

interface Why extends Pick<Attempted<never>, 'paused' | 'heldMs'> {
  readonly isMore: boolean;
}

const NO_REASON: Why = { paused: false, heldMs: null, isMore: false };

function whyNothing(result: ClaimedNext, now: Date): Why {
  if (result.claimed !== null) return NO_REASON;
  const { paused, heldUntil, isBarred, isMore } = result;
  return {
    paused: paused || isBarred,
    heldMs: heldUntil === null ? null : heldUntil.getTime() - now.getTime(),
    // Nothing more is looked for where nothing would be handed out.
    isMore: isMore && !paused && heldUntil === null,
  };
}

/** A claim stops waiting when its connections have gone, and when its key was revoked. */
function patienceOf(key: ActingKey, delivery: Delivery, keyring: Keyring) {
  let leave: () => void = () => undefined;
  const isOver = () => delivery.isGone() || !keyring.isLive(key);
  const end = keyring.onRevoked(key, () => {
    leave();
  });
  return {
    isOver,
    end,
    onOver(called: () => void): void {
      leave = called;
      delivery.onGone(called);
      if (isOver()) called();
    },
  };
}

function toClaimedAnswer(claimed: Claimed): Answer {
  const body = {
    status: claimed.task.status,
    task: toTaskView(claimed.task),
    lease: toLeaseView(claimed),
    ...(claimed.run === null ? repliesOf(claimed) : { run: toRunStartView(claimed.run) }),
  };
  return { status: 200, body: JSON.stringify(body), leaseId: claimed.leaseId };
}

/** A worker is told them with its run. */
function repliesOf({ replies }: Claimed) {
  return replies.length === 0 ? {} : { replies: replies.map(toReplyView) };
}

function toNextAnswer(result: ClaimedNext): Answer {
  if (result.claimed !== null) return toClaimedAnswer(result.claimed);
  const { paused, heldUntil } = result;
  const body = {
    task: null,
    ...(paused && { paused }),
    ...(heldUntil !== null && { held_until: heldUntil.toISOString() }),
  };
  return { status: 200, body: JSON.stringify(body), leaseId: null };
}
