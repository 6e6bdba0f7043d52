// Comma-separated values (RFC 4180), one span a row, UTF-8. An absent value is an empty cell; text that a
// spreadsheet would run as a formula is led by an apostrophe, as OWASP advises, since paths are hostile. Nothing is
// lost: empty text, and numbers of requests that are text, stand in quotes; an apostrophe in front gets another.
import type { Span } from '../../shared/span.ts';
import { FACTS } from './facts.ts';
import type { Exporter } from './format.ts';
import { Pieces, piece, TextWriter } from './text-writer.ts';

export const CSV_COLUMNS = [
  'id',
  'mount',
  'source',
  'unique',
  'op',
  'state',
  'startUs',
  ...FACTS,
] as const satisfies readonly (keyof Span)[];

export const csv: Exporter = {
  contentType: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  async *write(chunks) {
    const out = new TextWriter();
    const row = new RowWriter(out);
    out.put(piece(CSV_COLUMNS.join(',')));
    out.put(END_OF_ROW);
    for await (const spans of chunks) {
      for (const span of spans) row.put(span);
      yield out.take();
    }
    yield out.take();
  },
};

const COMMA = 0x2c;
const END_OF_ROW = piece('\r\n');

class RowWriter {
  readonly #out: TextWriter;
  readonly #plain = new Pieces(plain);

  constructor(out: TextWriter) {
    this.#out = out;
  }

  /** In the order of CSV_COLUMNS. */
  put(span: Span): void {
    const out = this.#out;
    for (const column of CSV_COLUMNS) {
      if (column !== 'id') out.byte(COMMA);
      const value = span[column];
      if (value === null) continue;
      if (typeof value === 'number') out.number(value);
      else if (column === 'unique') out.put(piece(unique(value as string)));
      else this.#plain.put(out, typeof value === 'string' ? value : JSON.stringify(value));
    }
    out.put(END_OF_ROW);
  }
}

function plain(text: string): string {
  const safe = disarmed(text);
  return text === '' || /[",\r\n]/.test(safe) ? inQuotes(safe) : safe;
}

/** A number of a request may be a text: one that looks like a number, but for those too large to be one, stands in quotes. */
function unique(value: string): string {
  return /^[1-9]\d{15,19}$/.test(value) ? value : inQuotes(disarmed(value));
}

const disarmed = (text: string) => (/^['=+\-@\t\r]/.test(text) ? `'${text}` : text);
const inQuotes = (text: string) => `"${text.replaceAll('"', '""')}"`;
