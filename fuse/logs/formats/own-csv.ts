// FuseScope's own CSV export (RFC 4180; server/export/csv.ts): one span a row, columns by the names in its first row. A
// row goes over several lines where a cell does; an apostrophe in front of a cell that a spreadsheet would run goes.
import { errnoName } from '../../../shared/errno.ts';
import { isOpName } from '../../../shared/ops.ts';
import { type Args, blankSpan, SOURCE_KINDS, SPAN_STATES, type Span } from '../../../shared/span.ts';
import { parseU64 } from '../../../shared/u64.ts';
import { Mounts } from '../mounts.ts';
import { FOREIGN, type LogReader, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';

/** Longest row over all its lines; longer ones had a quote too few. */
const MAX_ROW = 1024 * 1024;

interface Cell {
  text: string;
  quoted: boolean;
}

const NUMBERS = ['durationNs', 'queueNs', 'errno', 'bytes', 'pid', 'tid', 'uid', 'gid', 'daemonTid'] as const;
const WIDE = ['nodeid', 'fh', 'offset', 'size'] as const;
const TEXTS = ['path', 'newPath', 'comm'] as const;

export class OwnCsvReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #mounts: Mounts;
  #columns: Map<string, number> | null = null;
  #row = '';

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#mounts = new Mounts(context);
  }

  line(raw: string): Verdict {
    const text = this.#row === '' ? raw : `${this.#row}\n${raw}`;
    if (isOpen(text)) {
      if (text.length > MAX_ROW) {
        this.#row = '';
        return 'a quote is never closed';
      }
      this.#row = text;
      return TAKEN;
    }
    this.#row = '';
    if (text.trim() === '') return TAKEN;
    const cells = cellsOf(text.endsWith('\r') ? text.slice(0, -1) : text);
    if (!this.#columns) {
      const names = new Map(cells.map((cell, i) => [cell.text.replace(/^\ufeff/, ''), i]));
      if (!['op', 'mount', 'startUs'].every((name) => names.has(name))) return FOREIGN;
      this.#columns = names;
      return TAKEN;
    }
    return this.#span(cells, this.#columns);
  }

  #span(cells: readonly Cell[], columns: ReadonlyMap<string, number>): Verdict {
    if (cells.length !== columns.size) return `${cells.length} cells for ${columns.size} columns`;
    const cell = (name: string) => cells[columns.get(name) ?? -1] ?? { text: '', quoted: false };
    const op = cell('op').text;
    const startUs = Number(cell('startUs').text);
    const source = SOURCE_KINDS.find((kind) => kind === cell('source').text) ?? 'log';
    const state = SPAN_STATES.find((one) => one === cell('state').text) ?? 'done';
    if (!isOpName(op)) return `op: "${op.slice(0, 40)}" is no operation`;
    if (cell('startUs').text === '' || !(startUs >= 0 && startUs < 9e15)) return 'startUs: no time';
    const mount = unformula(cell('mount').text);
    const span = blankSpan(0, 0, mount, source, op);
    span.state = state;
    span.startUs = startUs;
    for (const name of NUMBERS) {
      const { text } = cell(name);
      if (text === '') continue;
      const value = Number(text);
      if (!Number.isFinite(value) || value < 0) return `${name}: "${text.slice(0, 40)}" is no number`;
      span[name] = value;
    }
    for (const name of WIDE) {
      const { text } = cell(name);
      span[name] = text === '' ? null : (parseU64(text) ?? null);
    }
    for (const name of TEXTS) span[name] = textOf(cell(name));
    span.unique = uniqueOf(cell('unique'));
    span.error = span.errno === null ? null : errnoName(span.errno);
    const args = argsOf(cell('args').text);
    if (args === undefined) return 'args: not JSON';
    span.args = args;
    this.#context.sink.span(span, this.#mounts.number(mount, source));
    return TAKEN;
  }
}

function textOf(cell: Cell): string | null {
  if (cell.text === '') return cell.quoted ? '' : null;
  return unformula(cell.text);
}

/** Ids that are text but look like a number stand in quotes. */
function uniqueOf(cell: Cell): Span['unique'] {
  if (cell.text === '') return cell.quoted ? '' : null;
  return cell.quoted
    ? unformula(cell.text)
    : (parseU64(cell.text) ?? parseU64(Number(cell.text)) ?? unformula(cell.text));
}

function argsOf(text: string): Args | null | undefined {
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(unformula(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Args) : undefined;
  } catch {
    return undefined;
  }
}

function unformula(text: string): string {
  return /^'['=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}

function isOpen(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

function cellsOf(text: string): Cell[] {
  if (!text.includes('"')) return text.split(',').map((cell) => ({ text: cell, quoted: false }));
  const out: Cell[] = [];
  for (let at = 0; ; ) {
    if (text[at] === '"') {
      let end = at + 1;
      for (; ; end++) {
        end = text.indexOf('"', end);
        if (end === -1) end = text.length;
        if (text[end + 1] !== '"') break;
        end++;
      }
      out.push({ text: text.slice(at + 1, end).replaceAll('""', '"'), quoted: true });
      at = end + 1;
    } else {
      const end = text.indexOf(',', at);
      out.push({ text: text.slice(at, end === -1 ? text.length : end), quoted: false });
      at = end === -1 ? text.length : end;
    }
    const comma = text.indexOf(',', at);
    if (comma === -1) return out;
    at = comma + 1;
  }
}
