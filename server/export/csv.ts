// Comma-separated values (RFC 4180), one span a row, UTF-8. An absent value is an empty cell; text that a
// spreadsheet would run as a formula is led by an apostrophe, as OWASP advises, since paths are hostile. Nothing is
// lost: empty text, and numbers of requests that are text, stand in quotes; an apostrophe in front gets another.
import type { Span } from '../../shared/span.ts';
import type { Exporter } from './format.ts';

export const CSV_COLUMNS = [
  'id',
  'mount',
  'source',
  'unique',
  'op',
  'state',
  'startUs',
  'durationNs',
  'queueNs',
  'errno',
  'error',
  'path',
  'newPath',
  'nodeid',
  'fh',
  'offset',
  'size',
  'bytes',
  'pid',
  'tid',
  'uid',
  'gid',
  'comm',
  'daemonTid',
  'args',
] as const satisfies readonly (keyof Span)[];

export const csv: Exporter = {
  contentType: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  async *write(chunks) {
    yield `${CSV_COLUMNS.join(',')}\r\n`;
    for await (const spans of chunks) {
      yield spans
        .map((span) => `${CSV_COLUMNS.map((column) => cell(span[column], column)).join(',')}\r\n`)
        .join('');
    }
  },
};

function cell(value: Span[keyof Span], column: keyof Span): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^['=+\-@\t\r]/.test(text) ? `'${text}` : text;
  const isText = text === '' || (column === 'unique' && !/^[1-9]\d{15,19}$/.test(text));
  return isText || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
