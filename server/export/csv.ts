// Comma-separated values (RFC 4180), one span a row, UTF-8. An absent value is an empty cell; text that a
// spreadsheet would run as a formula is led by an apostrophe, as OWASP advises, since paths are hostile. Nothing is
// lost: empty text, and numbers of requests that are text, stand in quotes; an apostrophe in front gets another.
import type { Span } from '../../shared/span.ts';
import type { Exporter } from './format.ts';
import { cached } from './text-cache.ts';

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
      let text = '';
      for (const span of spans) text += line(span);
      yield text;
    }
  },
};

type Value = number | string | null;

/** In the order of CSV_COLUMNS. */
function line(span: Span): string {
  return `${span.id},${plain(span.mount)},${span.source},${unique(span.unique)},${plain(span.op)},${span.state},${span.startUs},${cell(span.durationNs)},${cell(span.queueNs)},${cell(span.errno)},${cell(span.error)},${cell(span.path)},${cell(span.newPath)},${cell(span.nodeid)},${cell(span.fh)},${cell(span.offset)},${cell(span.size)},${cell(span.bytes)},${cell(span.pid)},${cell(span.tid)},${cell(span.uid)},${cell(span.gid)},${cell(span.comm)},${cell(span.daemonTid)},${span.args === null ? '' : plain(JSON.stringify(span.args))}\r\n`;
}

function cell(value: Value): string | number {
  if (typeof value === 'string') return plain(value);
  return value ?? '';
}

const plain = cached((text) => {
  const safe = disarmed(text);
  return text === '' || /[",\r\n]/.test(safe) ? inQuotes(safe) : safe;
});

/** A number of a request may be a text: one that looks like a number, but for those too large to be one, stands in quotes. */
function unique(value: Value): string | number {
  if (typeof value !== 'string') return value ?? '';
  return /^[1-9]\d{15,19}$/.test(value) ? value : inQuotes(disarmed(value));
}

const disarmed = (text: string) => (/^['=+\-@\t\r]/.test(text) ? `'${text}` : text);
const inQuotes = (text: string) => `"${text.replaceAll('"', '""')}"`;
