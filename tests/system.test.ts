import { describe, expect, it } from 'vitest';
import { systemIds } from '../src/system.ts';

describe('a lease id', () => {
  it('is a version 4 UUID', () => {
    expect(systemIds.leaseId()).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('is new each time, its first eight digits too: the branch of a lost run is named after them', () => {
    const ids = Array.from({ length: 100 }, () => systemIds.leaseId());

    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBe(100);
  });
});
