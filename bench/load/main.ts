/** The load, in a process of its own so that it never shares a thread with what it measures. */
import { runCycles, type CycleOrder } from './cycles.ts';
import { park, runWaits, type ParkOrder, type WaitOrder } from './waits.ts';

export type Order = CycleOrder | WaitOrder | ParkOrder;

function run(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'cycles':
      return runCycles(order);
    case 'waits':
      return runWaits(order);
    case 'park':
      return park(order);
  }
}

process.on('message', (order: Order) => {
  run(order).then(
    (report) => process.send?.({ report }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('SIGTERM', () => process.exit(0));
