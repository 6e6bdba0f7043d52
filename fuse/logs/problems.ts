// Error lines of applications: zerolog's console and JSON, zap and slog JSON, logfmt, Rust tracing, and plain
// `time LEVEL message error="…"`. A line tells of a problem when its level says so, or when it carries an error.
import type { Problem } from '../../shared/patterns/problem.ts';
import { LogClock } from './clock.ts';
import { errnoOf, unquote } from './values.ts';

/** Level names in any case, as one of ours. */
const LEVELS: Readonly<Record<string, string>> = {
  trc: 'trace',
  trace: 'trace',
  dbg: 'debug',
  debug: 'debug',
  dbug: 'debug',
  inf: 'info',
  info: 'info',
  ntc: 'info',
  notice: 'info',
  note: 'info',
  wrn: 'warn',
  warn: 'warn',
  warning: 'warn',
  wan: 'warn',
  err: 'error',
  error: 'error',
  eror: 'error',
  severe: 'error',
  failed: 'error',
  crt: 'fatal',
  crit: 'fatal',
  critical: 'fatal',
  ftl: 'fatal',
  fatal: 'fatal',
  pnc: 'fatal',
  panic: 'fatal',
  dpanic: 'fatal',
  emerg: 'fatal',
  alert: 'fatal',
};
const SERIOUS = new Set(['error', 'fatal']);
const WORD = /^[\s|]*[[(<]?([A-Za-z]{3,8})[\])>]?(?=[\s:|]|$)[\s:|]*/;
const ERROR_FIELD = /(?:^|[\s,{])(?:error|err|cause|reason)=("(?:[^"\\]|\\.)*"|[^\s"]+)/i;
const LOGFMT = /(?:^|\s)(level|lvl|severity)="?([A-Za-z]+)"?(?=\s|$)/;
const MESSAGE = /(?:^|\s)(?:msg|message)=("(?:[^"\\]|\\.)*"|\S+)/;
const TIME = /(?:^|\s)(?:time|ts|t|timestamp)="?([^"\s]+(?: [\d:.]+)?)"?/;
const TARGET = /(?:^|\s)([a-z_]\w*(?:::\w+)+): /;
const NOTHING = /^(?:<nil>|nil|null|none|""|0|false)$/i;
const MAX_TEXT = 2_000;

export interface AppLine {
  level: string;
  text: string;
  error: string | null;
  process: string | null;
  tsUs: number | null;
}

/** Reads a line of an application's log; null where it has no level to be known by. */
export function readAppLine(line: string, clock: LogClock): AppLine | null {
  if (line.startsWith('{')) return readJson(line, clock);
  const logfmt = LOGFMT.exec(line);
  if (logfmt) return readLogfmt(line, LEVELS[logfmt[2]?.toLowerCase() ?? ''], clock);
  const stamped = clock.read(line) || (line.startsWith('[') && clock.read(line, 1));
  const tsUs = stamped ? clock.us : null;
  const rest = stamped ? line.slice(clock.end).replace(/^\]/, '') : line;
  const word = WORD.exec(rest);
  const level = LEVELS[word?.[1]?.toLowerCase() ?? ''];
  // A sentence may begin with "Error": without a time the level must stand in capitals, or before a colon.
  if (!word || level === undefined) return null;
  if (!stamped && word[1] !== word[1]?.toUpperCase() && !/:/.test(word[0])) return null;
  const text = rest.slice(word[0].length).slice(0, MAX_TEXT);
  const field = ERROR_FIELD.exec(text)?.[1];
  const error = field === undefined || NOTHING.test(field) ? null : bare(field);
  return { level, text, error, process: TARGET.exec(text)?.[1] ?? null, tsUs };
}

/** The problem that a line tells of; null where it tells of none. `tsUs` where the caller has read its time. */
export function problemFrom(line: AppLine, number: number): Problem | null {
  if (!SERIOUS.has(line.level) && line.error === null) return null;
  const { level, text, process, tsUs } = line;
  const errno = errnoOf(line.error ?? text);
  return { order: number, tsUs, level, text: text.slice(0, MAX_TEXT), mount: null, process, op: null, errno };
}

/** The same in one step, for readers of other formats that have read the time themselves. */
export function problemOf(text: string, number: number, tsUs: number | null): Problem | null {
  const line = readAppLine(text, SOME_CLOCK);
  const known = line ?? levelled(text);
  return known ? problemFrom({ ...known, tsUs }, number) : null;
}

/** Only finds where a stamp ends. */
const SOME_CLOCK = new LogClock({ baseUs: 0 });

/** Cheap: false for lines that certainly tell of no problem. */
export function mayBeProblem(line: string): boolean {
  return /err|fatal|ftl|panic|pnc|crit|severe/i.test(line);
}

/** The level may stand behind other things, such as a thread. */
function levelled(text: string): AppLine | null {
  const found = /(?:^|\s)\[?(ERROR|ERR|FATAL|CRITICAL|PANIC)\]?[\s:]+(.*)$/.exec(text);
  if (!found) return null;
  const level = LEVELS[found[1]?.toLowerCase() ?? ''] ?? 'error';
  return { level, text: (found[2] ?? '').slice(0, MAX_TEXT), error: null, process: null, tsUs: null };
}

function readLogfmt(line: string, level: string | undefined, clock: LogClock): AppLine | null {
  if (level === undefined) return null;
  const message = MESSAGE.exec(line)?.[1];
  const field = ERROR_FIELD.exec(line)?.[1];
  const error = field === undefined || NOTHING.test(field) ? null : bare(field);
  const time = TIME.exec(line)?.[1];
  const tsUs = time !== undefined && clock.read(time) ? clock.us : clock.read(line) ? clock.us : null;
  const said = message === undefined ? '' : bare(message);
  const text = error === null ? said : `${said} error="${error}"`.trim();
  return { level, text: (text === '' ? line : text).slice(0, MAX_TEXT), error, process: null, tsUs };
}

function readJson(line: string, clock: LogClock): AppLine | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Cut, or no JSON at all.
    return null;
  }
  const level = LEVELS[String(value.level ?? value.severity ?? value.lvl ?? '').toLowerCase()];
  if (level === undefined) return null;
  const said = value.message ?? value.msg ?? value.body ?? '';
  // Rust's tracing puts what was said among the fields.
  const fields =
    typeof value.fields === 'object' && value.fields !== null
      ? (value.fields as Record<string, unknown>)
      : {};
  const text = [String(said === '' ? (fields.message ?? '') : said)];
  let error: string | null = null;
  for (const [key, field] of [...Object.entries(value), ...Object.entries(fields)]) {
    if (
      !/^(?:error|err|cause|reason|errorCode|errorMessage|code|errno)$/i.test(key) ||
      field === null ||
      field === ''
    )
      continue;
    const shown = typeof field === 'string' ? field : JSON.stringify(field);
    if (/^(?:error|err|cause)$/i.test(key)) error = shown;
    text.push(/[\s"]/.test(shown) ? `${key}="${shown}"` : `${key}=${shown}`);
  }
  const process = value.logger ?? value.target ?? value.component ?? value.caller ?? null;
  return {
    level,
    text: text.join(' ').trim().slice(0, MAX_TEXT),
    error,
    process: typeof process === 'string' ? process.slice(0, 100) : null,
    tsUs: jsonTime(value, clock),
  };
}

function jsonTime(value: Record<string, unknown>, clock: LogClock): number | null {
  const time = value.time ?? value.ts ?? value.timestamp ?? value.t ?? null;
  if (typeof time === 'string') return clock.read(time) ? clock.us : null;
  if (typeof time !== 'number' || !(time > 1e8)) return null;
  // Seconds, ms, µs or ns since the epoch, by size.
  const us = time < 1e11 ? time * 1e6 : time < 1e14 ? time * 1e3 : time < 1e17 ? time : time / 1e3;
  return us < 9e15 ? us : null;
}

function bare(value: string): string {
  return value.startsWith('"') ? unquote(value.slice(1, -1)) : value;
}
