import type { Delivered, Delivery, FrontEnd, Missed } from '../../src/core/ports.ts';

export interface Shown {
  readonly position: string;
  readonly action: string;
  readonly taskId: number;
  readonly inDoubtSince: Date | null;
  readonly cardIsSuperseded: boolean;
}

interface Behaviour {
  /** Called before a send is announced. */
  deliver: (delivery: Delivery) => Promise<void>;
  /** Called when the message is out; gives what is to be remembered. */
  sent: (delivery: Delivery) => Promise<Delivered>;
  summarize: (missed: Missed) => Promise<Delivered>;
}

/** A front end that writes down what it is asked to show, and does what a test says. */
export function fakeFrontEnd() {
  const shown: Shown[] = [];
  const summaries: { events: number; since: Date; inDoubtSince: Date | null }[] = [];
  let isReady: Promise<void> = Promise.resolve();
  let tries = 0;
  const on: Behaviour = {
    deliver: () => Promise.resolve(),
    sent: () => Promise.resolve({}),
    summarize: () => Promise.resolve({}),
  };

  const frontEnd: FrontEnd = {
    name: 'fake',
    state: () => 'connected',
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    ready: () => isReady,
    async deliver(delivery) {
      tries += 1;
      await on.deliver(delivery);
      await delivery.announceSend();
      const { event, inDoubtSince, cardIsSuperseded } = delivery;
      const { position, action, taskId } = event;
      shown.push({ position, action, taskId, inDoubtSince, cardIsSuperseded });
      return on.sent(delivery);
    },
    async summarize(missed) {
      tries += 1;
      await missed.announceSend();
      const { events, since, inDoubtSince } = missed;
      summaries.push({ events: events.length, since, inDoubtSince });
      return on.summarize(missed);
    },
  };
  return {
    frontEnd,
    shown,
    summaries,
    on,
    tries: () => tries,
    readyWhen: (ready: Promise<void>) => {
      isReady = ready;
      // As the real one: nobody has to wait for it.
      ready.catch(() => undefined);
    },
    positions: () => shown.map(({ position }) => Number(position)),
  };
}

export type FakeFrontEnd = ReturnType<typeof fakeFrontEnd>;
