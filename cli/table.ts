/** Rows under a heading, never wider than the terminal: the last column gives way. */
import { fit, pad, widthOf } from './width.ts';

export interface Cell {
  readonly text: string;
  /** Applied after measuring, so that colours take no room. */
  readonly paint?: (text: string) => string;
}

export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly width: number;
  readonly paintHeading: (text: string) => string;
}

const GAP = '  ';
/** Below this the last column says nothing; a narrower terminal has to wrap. */
const NARROWEST_LAST = 8;

/** Lines without trailing blanks. A cell keeps to one line: its text is expected to be one. */
export function tableLines({ headings, rows, width, paintHeading }: Table): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(widthOf(heading), ...rows.map((row) => widthOf(row[column]?.text ?? ''))),
  );
  const last = widths.length - 1;
  const before = widths.slice(0, last).reduce((sum, columns) => sum + columns + GAP.length, 0);
  widths[last] = Math.max(NARROWEST_LAST, Math.min(widths[last] ?? 0, width - before));

  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, paint = (same) => same }, column) => {
        const fitted = fit(text, widths[column] ?? 0);
        return paint(column === last ? fitted : pad(fitted, widths[column] ?? 0));
      })
      .join(GAP)
      .trimEnd();
  return [line(headings.map((text) => ({ text, paint: paintHeading }))), ...rows.map(line)];
}
