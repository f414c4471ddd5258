/** The bench's end of the load process. */
import { asking } from '../asking.ts';
import type { Processes } from '../processes.ts';
import type { CrewOrder, CrewReport } from './crew.ts';
import type { CrowdOrder, CrowdReport } from './crowd.ts';
import type { CycleOrder, CycleReport } from './cycles.ts';
import type { ReadOrder, ReadReport } from './reads.ts';
import type { ParkOrder, WaitOrder, WaitReport } from './waits.ts';

export interface Load {
  cycles(order: Omit<CycleOrder, 'kind'>): Promise<CycleReport>;
  waits(order: Omit<WaitOrder, 'kind'>): Promise<WaitReport>;
  crowd(order: Omit<CrowdOrder, 'kind'>): Promise<CrowdReport>;
  reads(order: Omit<ReadOrder, 'kind'>): Promise<ReadReport>;
  crew(order: Omit<CrewOrder, 'kind'>): Promise<CrewReport>;
  /** Resolves to how many of the parked claims were answered too early. */
  park(order: Omit<ParkOrder, 'kind'>): Promise<number>;
}

export function startLoad(processes: Processes): Load {
  const ask = asking(processes.helper(new URL('./main.ts', import.meta.url)), 'The load process');
  return {
    cycles: (order) => ask<CycleReport>({ kind: 'cycles', ...order }),
    waits: (order) => ask<WaitReport>({ kind: 'waits', ...order }),
    crowd: (order) => ask<CrowdReport>({ kind: 'crowd', ...order }),
    reads: (order) => ask<ReadReport>({ kind: 'reads', ...order }),
    crew: (order) => ask<CrewReport>({ kind: 'crew', ...order }),
    park: (order) => ask<number>({ kind: 'park', ...order }),
  };
}
