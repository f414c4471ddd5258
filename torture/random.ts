/**
 * Choices that a seed repeats. Each actor throws dice of its own, so that its choices do not depend on who
 * else happened to be quicker; what the clock and the scheduler do to a run no seed can repeat.
 */
import { createHash } from 'node:crypto';
import { randomOf } from '../tests/support/http-load.ts';

export interface Dice {
  /** From 0 up to but without 1. */
  next(): number;
  /** Whole, both ends included. */
  whole(from: number, to: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T | undefined;
  /** One of the names, as often as its weight says. */
  weighted<N extends string>(weights: Readonly<Record<N, number>>): N;
}

export function createDice(seed: number, name: string): Dice {
  const next = randomOf(createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE(0));
  return {
    next,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (share) => next() < share,
    pick: (from) => from[Math.floor(next() * from.length)],
    weighted<N extends string>(weights: Readonly<Record<N, number>>): N {
      const entries = Object.entries<number>(weights) as [N, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      return entries[0]![0];
    },
  };
}
