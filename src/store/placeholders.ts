/** Prepared statements take every value by name: building a query per call costs five times its run. */
import { sql, type Placeholder, type SQL } from 'drizzle-orm';

export function param<N extends string>(name: N): Placeholder<N> {
  return sql.placeholder(name);
}

/** For `values`: each column by a parameter of its own name. */
export function params<N extends string>(names: readonly N[]): { [K in N]: Placeholder<K> } {
  return Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as {
    [K in N]: Placeholder<K>;
  };
}

/** For `set`: the same as expressions, which is what an update takes. */
export function assigned<N extends string>(names: readonly N[]): { [K in N]: SQL } {
  return Object.fromEntries(names.map((name) => [name, sql`${sql.placeholder(name)}`])) as { [K in N]: SQL };
}
