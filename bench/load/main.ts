/** The load, in a process of its own so that it never shares a thread with what it measures. */
import { runCrowd, type CrowdOrder } from './crowd.ts';
import { runCrew, type CrewOrder } from './crew.ts';
import { runCycles, type CycleOrder } from './cycles.ts';
import { runReads, type ReadOrder } from './reads.ts';
import { park, runWaits, type ParkOrder, type WaitOrder } from './waits.ts';

export type Order = CycleOrder | WaitOrder | CrowdOrder | ReadOrder | ParkOrder | CrewOrder;

function run(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'cycles':
      return runCycles(order);
    case 'waits':
      return runWaits(order);
    case 'crowd':
      return runCrowd(order);
    case 'reads':
      return runReads(order);
    case 'crew':
      return runCrew(order);
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
