/** Runs one after the other what belongs to the same thing, and other things meanwhile. */
export type OneByOne<K> = <T>(of: K, run: () => Promise<T>) => Promise<T>;

export function createOneByOne<K>(): OneByOne<K> {
  const last = new Map<K, Promise<unknown>>();
  return async (of, run) => {
    const before = last.get(of) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(run);
    last.set(of, mine);
    try {
      return await mine;
    } finally {
      if (last.get(of) === mine) last.delete(of);
    }
  };
}
