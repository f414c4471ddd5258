/** Lanes that have tasks ready. Triggers on `tasks` keep the rows, so what is read here is always the truth. */
import { demandOf, fits, isAlwaysOpen, MOST_LANES, type Claimant, type Demand } from '../core/lanes.ts';
import type { OpenDatabase } from './database.ts';

/** Words are taken apart once; a queue that has seen more than this many begins anew. */
const REMEMBERED = 4 * MOST_LANES;

export type LaneTable = ReturnType<typeof createLaneTable>;

export function createLaneTable({ client }: OpenDatabase) {
  const names = client.prepare<[], string>('SELECT lane FROM lane_counts').pluck();
  const hasRoom = client
    .prepare<{ lane: string; most: number }, number>(
      `SELECT EXISTS (SELECT 1 FROM lane_counts WHERE lane = :lane)
        OR (SELECT count(*) FROM lane_counts) < :most`,
    )
    .pluck();
  const demands = new Map<string, Demand>();

  function demandIn(lane: string): Demand {
    const known = demands.get(lane);
    if (known !== undefined) return known;
    if (demands.size >= REMEMBERED) demands.clear();
    const demand = demandOf(lane);
    demands.set(lane, demand);
    return demand;
  }

  return {
    all: () => names.all(),
    /** Those that this claimant may take from. */
    openTo: (claimant: Claimant) => names.all().filter((lane) => fits(demandIn(lane), claimant)),
    /** Whether a task may become ready in this lane: it has some already, or one more lane is bearable. */
    hasRoom: (lane: string) => isAlwaysOpen(lane) || hasRoom.get({ lane, most: MOST_LANES }) === 1,
  };
}
