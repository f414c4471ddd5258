/**
 * Whether an answer reached its connection. A claim whose answer could not be sent must be given back,
 * unless another request with the same idempotency key was answered meanwhile; so requests that share
 * a key share one delivery.
 */
import type { ServerResponse } from 'node:http';

export interface Delivery {
  /** Every connection that waited for this answer has gone. */
  isGone(): boolean;
  /** Sets what is called when the last one goes; at once if it has gone already. */
  onGone(leave: () => void): void;
  /** Called once, when all connections have ended and none of them got the answer. */
  onUndelivered(undo: () => void): void;
}

interface SharedDelivery extends Delivery {
  add(outgoing: ServerResponse | undefined): void;
}

export type Deliveries = ReturnType<typeof createDeliveries>;

export function createDeliveries() {
  const byKey = new Map<string, SharedDelivery>();
  return {
    /** Begin to watch this connection. `outgoing` is absent when the app is called without a server. */
    watch(outgoing: ServerResponse | undefined, key: string | null): Delivery {
      const delivery =
        (key === null ? undefined : byKey.get(key)) ??
        createDelivery(() => key !== null && byKey.delete(key));
      if (key !== null) byKey.set(key, delivery);
      delivery.add(outgoing);
      return delivery;
    },
  };
}

function createDelivery(ended: () => void): SharedDelivery {
  let open = 0;
  let delivered = false;
  let leave: () => void = () => undefined;
  let undo: () => void = () => undefined;
  const isGone = () => open === 0 && !delivered;

  function closed(outgoing: ServerResponse): void {
    open -= 1;
    // Finished: everything was handed to the operating system. A close without it lost the answer.
    if (outgoing.writableFinished) delivered = true;
    if (open > 0) return;
    ended();
    if (delivered) return;
    leave();
    undo();
  }

  return {
    add(outgoing) {
      open += 1;
      if (outgoing === undefined) return;
      if (outgoing.destroyed) closed(outgoing);
      else
        outgoing.once('close', () => {
          closed(outgoing);
        });
    },
    isGone,
    onGone(called) {
      leave = called;
      if (isGone()) called();
    },
    onUndelivered(called) {
      undo = called;
      if (isGone()) called();
    },
  };
}
