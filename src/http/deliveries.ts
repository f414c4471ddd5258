/**
 * Whether an answer reached its connection. A claim whose answer could not be sent must be given back,
 * unless another request with the same idempotency key was answered meanwhile; so requests that share
 * a key share one delivery, from the first one's arrival to the last one's end.
 */
import type { ServerResponse } from 'node:http';
import type { KeyedRequest } from './idempotency.ts';

export interface Delivery {
  /** The claim was made for this delivery; a kept answer, sent again, was answered before. */
  made(): void;
  /** Every connection that waited for this answer has gone. */
  isGone(): boolean;
  /** Sets what is called when the last one goes; at once if it has gone already. */
  onGone(leave: () => void): void;
  /** One request has its answer, or its refusal. `undo` is called if in the end none of them could be told. */
  settled(undo: (() => void) | null): void;
}

export interface Deliveries {
  /** Begins to watch a request's connection; absent when the app is called without a server. */
  watch(outgoing: ServerResponse | undefined, keyed: KeyedRequest | null): Delivery;
}

export function createDeliveries(): Deliveries {
  const byKey = new Map<string, SharedDelivery>();
  return {
    watch(outgoing, keyed) {
      // A different request with the same key is refused: its answer says nothing about this one's.
      const key = keyed === null ? null : `${keyed.key} ${keyed.fingerprint}`;
      const delivery =
        (key === null ? undefined : byKey.get(key)) ??
        createDelivery(() => {
          if (key !== null) byKey.delete(key);
        });
      if (key !== null) byKey.set(key, delivery);
      return delivery.add(outgoing);
    },
  };
}

interface SharedDelivery {
  /** The delivery as one of its requests sees it. */
  add(outgoing: ServerResponse | undefined): Delivery;
}

function createDelivery(over: () => void): SharedDelivery {
  let connections = 0;
  let unsettled = 0;
  let delivered = false;
  let isMade = false;
  let leave: () => void = () => undefined;
  let undo: (() => void) | null = null;
  const isGone = () => connections === 0 && !delivered;

  /** `told`: the claim's answer was handed over whole. A refusal tells nobody of the claim. */
  function closed(told: boolean): void {
    connections -= 1;
    if (told) delivered = true;
    if (isGone()) leave();
    end();
  }

  function end(): void {
    if (connections > 0 || unsettled > 0) return;
    over();
    if (isMade && !delivered) undo?.();
    undo = null;
  }

  return {
    add(outgoing) {
      let hasClaim = false;
      connections += 1;
      unsettled += 1;
      if (outgoing?.destroyed === true) closed(false);
      else if (outgoing !== undefined) {
        watchEnd(outgoing, (finished) => {
          closed(finished && hasClaim);
        });
      }
      return {
        made() {
          isMade = true;
        },
        isGone,
        onGone(called) {
          leave = called;
          if (isGone()) called();
        },
        settled(called) {
          hasClaim = called !== null;
          undo ??= called;
          unsettled -= 1;
          end();
        },
      };
    },
  };
}

/**
 * Finished: everything was handed to the operating system; a close without it lost the answer. The event
 * tells, `writableFinished` does not: it is true as well when the socket was gone before the write.
 */
function watchEnd(outgoing: ServerResponse, closed: (finished: boolean) => void): void {
  let finished = false;
  outgoing.once('finish', () => {
    finished = true;
  });
  outgoing.once('close', () => {
    closed(finished);
  });
}
