// Tables for terminals and NDJSON for programs. Cells come from traces, so control characters are made visible:
// a file name must not be able to steer a terminal.

export interface Column<T> {
  head: string;
  value: (row: T) => string;
  right?: boolean;
  /** Long sentences: where a row says what the one above it says, it says so. */
  ditto?: boolean;
}

/** Rows as aligned text, heads included. */
export function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const texts = rows.map((row) => columns.map((column) => visible(column.value(row))));
  const isDitto = (text: string, y: number, x: number) =>
    columns[x]?.ditto === true && text !== '' && text === texts[y - 1]?.[x];
  const cells = texts.map((row, y) => row.map((text, x) => (isDitto(text, y, x) ? 'as above' : text)));
  const widths = columns.map((column, i) =>
    Math.max(column.head.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (columns[i]?.right ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${[columns.map((column) => column.head), ...cells].map(line).join('\n')}\n`;
}

/** Prints rows as a table, or with --json as NDJSON. */
export function printRows<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  json: boolean | undefined,
): void {
  process.stdout.write(
    json ? rows.map((row) => `${JSON.stringify(row)}\n`).join('') : formatTable(columns, rows),
  );
}

/** 2026-11-29 04:14:26, in the reader's own time zone. */
export function dateTime(us: number): string {
  return new Date(us / 1_000).toLocaleString('sv-SE');
}

/** Control characters, and those that reorder text, as escapes. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
