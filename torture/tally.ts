/** Counts by name, for the report. */
export interface Tally {
  add(name: string, by?: number): void;
  of(name: string): number;
  entries(): [string, number][];
  total(): number;
}

export function createTally(): Tally {
  const counts = new Map<string, number>();
  return {
    add: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    of: (name) => counts.get(name) ?? 0,
    entries: () => [...counts].sort(([a], [b]) => (a < b ? -1 : 1)),
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
  };
}
