/** Plain text tables for a terminal. */
export type Row = readonly string[];

/** The first column is text, the others are figures. */
export function toTable(head: Row, rows: readonly Row[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: Row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

export const n = (value: number | null, digits = 2) =>
  value === null || Number.isNaN(value) ? 'n/a' : value.toFixed(digits);

/** A figure and its aim; `good` is null where nothing was aimed at. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly aim: string;
  readonly good: boolean | null;
}

export function figureTable(figures: readonly Figure[]): string {
  return toTable(
    ['', 'figure', 'aim', ''],
    figures.map(({ what, value, aim, good }) => [
      what,
      value,
      aim,
      good === false ? 'SHORT' : good ? 'ok' : '',
    ]),
  );
}

/** Judged as it is shown. */
export function atMost(what: string, value: number | null, limit: number, digits = 2): Figure {
  const shown = n(value, digits);
  return { what, value: shown, aim: `<= ${limit}`, good: value === null ? null : Number(shown) <= limit };
}

export function none(what: string, value: number): Figure {
  return { what, value: String(value), aim: '0', good: value === 0 };
}

export const plain = (what: string, value: string): Figure => ({ what, value, aim: '', good: null });
