import { describe, expect, it } from 'vitest';
import { systemIds, uuidV7 } from '../src/system.ts';

describe('a lease id', () => {
  it('is a version 7 UUID: its time first, then version, variant and 74 random bits', () => {
    const id = uuidV7(0x0123456789ab, Buffer.alloc(10, 0xff));

    expect(id).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
  });

  it('is new each time and sorts by time', () => {
    const ids = Array.from({ length: 1000 }, () => systemIds.leaseId());

    expect(new Set(ids).size).toBe(1000);
    expect(uuidV7(1, Buffer.alloc(10)) < uuidV7(2, Buffer.alloc(10))).toBe(true);
  });
});
