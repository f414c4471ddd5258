/**
 * Prepared statements: drizzle writes the SQL, better-sqlite3 runs it. Running it through drizzle's own
 * prepared queries costs half as much again on every request, for mapping that plain columns do not need.
 */
import type Database from 'better-sqlite3';
import { is, Param, Placeholder } from 'drizzle-orm';

type Values = Readonly<Record<string, unknown>>;

interface Written {
  toSQL(): { sql: string; params: unknown[] };
}

interface Selecting<Row> extends Written {
  readonly _: { readonly selectedFields: object; readonly result: Row[] };
}

/** `V` names the values it needs where that was written down; a missing one throws. */
export interface Read<Row, V extends object = Values> {
  get(values: V): Row | undefined;
  all(values: V): Row[];
}

export interface Write {
  run(values: Values): Database.RunResult;
}

/** A select over plain columns; each row has the keys of the selection. */
export function prepareRead<Row extends object>(client: Database.Database, query: Selecting<Row>): Read<Row> {
  const { sql, params } = query.toSQL();
  const bind = binder(params);
  return keyed<Row>(client.prepare(sql), Object.keys(query._.selectedFields), bind);
}

export function prepareWrite(client: Database.Database, query: Written): Write {
  const { sql, params } = query.toSQL();
  const statement = client.prepare(sql);
  const bind = binder(params);
  return { run: (values) => statement.run(...bind(values)) };
}

/** Rows come as arrays, which better-sqlite3 makes in less than half the time, and get their keys here. */
export function keyed<Row extends object, V extends object = Values>(
  statement: Database.Statement,
  keys: readonly string[],
  bind: (values: V) => unknown[],
): Read<Row, V> {
  const raw = statement.raw();
  const toRow = (columns: unknown[]) => {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < keys.length; index += 1) row[keys[index] as string] = columns[index];
    return row as Row;
  };
  return {
    get(values) {
      const columns = raw.get(...bind(values)) as unknown[] | undefined;
      return columns === undefined ? undefined : toRow(columns);
    },
    all: (values) => (raw.all(...bind(values)) as unknown[][]).map(toRow),
  };
}

/** In the order of the statement's question marks: a value by its placeholder's name, or a constant. */
function binder(params: readonly unknown[]): (values: Values) => unknown[] {
  const slots = params.map((param) => {
    const given: unknown = is(param, Param) ? param.value : param;
    return is(given, Placeholder) ? { name: given.name, constant: null } : { name: null, constant: given };
  });
  return (values) =>
    slots.map(({ name, constant }) => {
      if (name === null) return constant;
      const value = values[name];
      if (value === undefined) throw new Error(`no value for ${name}`);
      return value;
    });
}
